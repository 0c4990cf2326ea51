"""BIMODAL's forward molecule generators (ETHmodlab): tensors and alphabet, for the chemicals plugin.

A whole torch module, pickled: LayerNorm, LSTM, LayerNorm, Linear. Its classes and its source are not
needed: sizes and epsilons are fields of the records. The alphabet is not in the file but in the
repository that the file belongs to (https://github.com/ETHmodlab/BIMODAL): 55 characters in order of
their code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from .arrays import Numbers, collect, materialise
from .limits import broken
from .network import Converted
from .symbols import MOLECULES
from .torchfile import Container
from .values import Record, Tensor

FORMAT = "doesnotexist-bimodal/1"

ALPHABET = "".join(sorted("#=\\/%@+-.()[]0123456789ABCEFGHIKLMNOPSTVZabcdegilnoprst"))
"""Input and output i of the network is the i-th character."""

_START, _END, _PAD = "G", "E", "A"
_PARTS = {
    "_norm_0": "torch.nn.modules.normalization.LayerNorm",
    "_lstm": "torch.nn.modules.rnn.LSTM",
    "_norm_1": "torch.nn.modules.normalization.LayerNorm",
    "_wforward": "torch.nn.modules.linear.Linear",
}


def is_mine(root: object) -> bool:
    """Whether this is such a module."""
    return isinstance(root, Record) and root.kind == MOLECULES


def convert(root: object, container: Container) -> Converted:
    """All tensors of the module under their own names, without the leading underscores."""
    modules = root.state.get("_modules") if isinstance(root, Record) else None
    if not isinstance(modules, dict) or modules.keys() != _PARTS.keys():
        raise broken("a BIMODAL module of unknown parts")
    for name, kind in _PARTS.items():
        if not isinstance(modules[name], Record) or modules[name].kind != kind:
            raise broken(f"a BIMODAL module whose {name} is no {kind}")
    tensors = materialise(collect(_tensors(modules)))
    architecture = _architecture(modules)
    expected = dict(_shapes(len(ALPHABET), architecture["hidden"], architecture["layers"]))
    if {name: tensor.shape for name, tensor in tensors.items()} != expected:
        raise broken("a BIMODAL module whose tensors do not fit each other or the alphabet")
    metadata = {"format": FORMAT, "architecture": json.dumps(architecture, sort_keys=True)}
    return Converted(f"bimodal-{container}", tensors, metadata)


def _architecture(modules: dict[str, Record]) -> dict[str, object]:
    lstm = modules["_lstm"].state
    if lstm.get("mode") != "LSTM" or lstm.get("bidirectional") is not False or lstm.get("bias") is not True:
        raise broken("a BIMODAL module whose LSTM is of another kind")
    epsilons = [modules[name].state.get("eps") for name in ("_norm_0", "_norm_1")]
    if not all(isinstance(epsilon, float) for epsilon in epsilons):
        raise broken("a BIMODAL module whose normalisation has no epsilon")
    return {
        "kind": "ForwardRNN",
        "alphabet": ALPHABET,
        "start": _START,
        "end": _END,
        "pad": _PAD,
        "hidden": lstm.get("hidden_size"),
        "layers": lstm.get("num_layers"),
        "norm_eps": epsilons,
    }


def _tensors(modules: dict[str, Record]) -> Iterator[tuple[str, Numbers]]:
    for name, module in modules.items():
        parameters = module.state.get("_parameters")
        if not isinstance(parameters, dict):
            raise broken("a BIMODAL module without parameters")
        for end, value in parameters.items():
            if not isinstance(value, Tensor):
                raise broken("a BIMODAL parameter that is no tensor")
            yield f"{name.removeprefix('_')}.{end}", value


def _shapes(letters: int, hidden: object, layers: object) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the tensors; gates are stacked in PyTorch's order i, f, g, o"""
    if type(hidden) is not int or type(layers) is not int or not 0 < layers <= 8:
        raise broken("a BIMODAL module without its sizes")
    for name, size in (("norm_0", letters), ("norm_1", hidden)):
        yield f"{name}.weight", (size,)
        yield f"{name}.bias", (size,)
    for layer in range(layers):
        yield f"lstm.weight_ih_l{layer}", (4 * hidden, hidden if layer else letters)
        yield f"lstm.weight_hh_l{layer}", (4 * hidden, hidden)
        yield f"lstm.bias_ih_l{layer}", (4 * hidden,)
        yield f"lstm.bias_hh_l{layer}", (4 * hidden,)
    yield "wforward.weight", (letters, hidden)
    yield "wforward.bias", (letters,)
