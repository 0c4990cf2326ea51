"""The allow-list, word by word: whoever adds one has to add it here too, and say why."""

from __future__ import annotations

import contextlib

import pytest

from doesnotexist.errors import ConversionRefused, WeightsInvalid
from doesnotexist_stylegan2.convert import symbols
from doesnotexist_stylegan2.convert.limits import Budget
from doesnotexist_stylegan2.convert.values import Array, Dtype, Record

TYPES = ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")

LIST = {
    "_codecs.encode",  # bytes in protocols 0 to 2
    "argparse.Namespace",  # rosinality's training arguments
    "builtins.set",  # torch's modules keep a set of buffer names
    "collections.OrderedDict",
    "dnnlib.tflib.network.Network",  # NVIDIA, TensorFlow
    "dnnlib.util.EasyDict",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",  # arrays in protocol 5
    "numpy.dtype",
    "numpy.ndarray",
    "one_out_lstm.OneOutLSTM",  # BIMODAL, and the five below
    "torch.Size",
    "torch.device",  # where a module of NVIDIA's was
    *(f"torch.{name}" for name in ("bfloat16", "float16", "float32", "float64")),  # of what numbers it was
    "torch.nn.backends.thnn._get_thnn_function_backend",
    "torch.nn.modules.linear.Linear",
    "torch.nn.modules.normalization.LayerNorm",
    "torch.nn.modules.rnn.LSTM",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",  # one with attributes of its own
    "torch._utils._rebuild_tensor_v2",
    "torch.storage._load_from_bytes",
    "torch_utils.persistence._reconstruct_persistent_obj",  # NVIDIA, PyTorch
    *(f"torch.{name}Storage" for name in TYPES),
    *(f"torch.cuda.{name}Storage" for name in TYPES),
}


def test_the_list_is_this_list():
    assert set(symbols._KNOWN) == LIST


@pytest.mark.parametrize("name", sorted(LIST))
def test_only_whole_names_are_on_it(name):
    module, _, end = name.rpartition(".")
    assert str(symbols.resolve(module, end)) == name
    spellings = [f"{module}.", f"{module} ", f"x.{module}", module.upper(), ""]
    ends = [f"{end}_", f"{end.lower()}X", f"{end}.__class__", ""]
    for near in [*((other, end) for other in spellings), *((module, other) for other in ends)]:
        with pytest.raises(ConversionRefused):
            symbols.resolve(*near)


@pytest.mark.parametrize(("module", "name"), [(None, "x"), ("x", 3), (["os"], "system"), ({}, ())])
def test_names_are_texts(module, name):
    with pytest.raises(WeightsInvalid, match="no text"):
        symbols.resolve(module, name)


@pytest.mark.parametrize("name", sorted(symbols.CALLS))
@pytest.mark.parametrize(
    "args", [(), (1,), ([],), ((),), ({},), (None,) * 5, ("x", "y"), (b"x",), ([[1, 2, 3]],)]
)
def test_no_arguments_surprise_a_call(name, args):
    """Each call gives an inert value or is refused; it never stumbles."""
    with contextlib.suppress(WeightsInvalid, ConversionRefused):
        symbols.CALLS[name](args, Budget())


@pytest.mark.parametrize("value", [Record("x"), Array(), Dtype("<f4"), {}, [], "x", 1, None])
@pytest.mark.parametrize(
    "state", [None, 1, (), {}, (1, 2), (1, (), Dtype("<f4"), False, "x"), (3, "<"), (3, ">")]
)
def test_no_state_surprises_an_object(value, state):
    with contextlib.suppress(WeightsInvalid, ConversionRefused):
        symbols.build(value, state)
