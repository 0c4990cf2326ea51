"""Weight files: written whole, read strictly, refused before anything is built."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save

from doesnotexist.errors import WeightsInvalid
from doesnotexist_stylegan2 import weights


def file_of(network, **changes):
    """The network's file as float32, with tensors replaced (or dropped, if None)."""
    tensors = {**network.state_dict(), **changes}
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    return save(kept, network.architecture.to_metadata())


def test_a_network_comes_back_as_it_was(network, tmp_path):
    net, path = network(c_dim=2), tmp_path / "net.safetensors"

    weights.write_network(net, path, torch.float32)
    back = weights.read_network(path)

    assert back.architecture == net.architecture
    for name, tensor in net.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name


def test_half_precision_files_are_half_as_big_and_load_as_float32(network, tmp_path):
    net, path = network(), tmp_path / "net.safetensors"

    weights.write_network(net, path)
    back = weights.read_network(str(path))

    assert path.stat().st_size < 0.6 * len(weights.network_bytes(net, torch.float32))
    assert {tensor.dtype for tensor in back.state_dict().values()} == {torch.float32}
    assert torch.equal(back.synthesis.b4.const, net.synthesis.b4.const.half().float())


def test_bytes_are_as_good_as_a_path(network):
    net = network()

    assert torch.equal(weights.read_network(file_of(net)).mapping.w_avg, net.mapping.w_avg)


def test_only_the_file_itself_is_left_behind(network, tmp_path):
    weights.write_network(network(), tmp_path / "net.safetensors")

    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


def test_a_network_that_broke_in_training_is_not_written(network, tmp_path):
    net = network()
    net.mapping.fc0.weight[0, 0] = float("nan")

    with pytest.raises(WeightsInvalid, match=r"mapping\.fc0\.weight"):
        weights.write_network(net, tmp_path / "net.safetensors")


def one_nan(dtype):
    tensor = torch.ones(12, dtype=dtype)
    tensor[11] = float("nan")
    return tensor


@pytest.mark.parametrize(
    ("name", "tensor", "complaint"),
    [
        ("mapping.fc0.bias", None, "missing tensors mapping.fc0.bias"),
        ("discriminator.weight", torch.zeros(3), "unknown tensors discriminator.weight"),
        ("mapping.fc0.bias", torch.zeros(13), r"mapping.fc0.bias: expected shape \(12,\), found \(13,\)"),
        ("mapping.fc0.bias", torch.zeros(12, 1), "mapping.fc0.bias: expected shape"),
        ("mapping.fc0.bias", torch.zeros(12, dtype=torch.int32), "expected floating-point numbers"),
        ("mapping.fc0.bias", torch.full((12,), float("nan")), "not finite"),
        ("mapping.w_avg", torch.full((12,), float("inf")), "not finite"),
        ("mapping.fc0.bias", torch.full((12,), -1e300, dtype=torch.float64), "not finite"),
        ("mapping.fc0.bias", one_nan(torch.float16), "not finite"),
        ("mapping.fc0.bias", one_nan(torch.bfloat16), "not finite"),
    ],
)
def test_wrong_tensors_are_named_before_a_network_is_built(network, monkeypatch, name, tensor, complaint):
    content = file_of(network(), **{name: tensor})
    monkeypatch.setattr(weights, "Network", None)  # building one would be a TypeError

    with pytest.raises(WeightsInvalid, match=complaint):
        weights.read_network(content)


def test_a_foreign_safetensors_file_is_refused():
    with pytest.raises(WeightsInvalid, match="format"):
        weights.read_network(save({"weight": torch.zeros(2)}))


def header(**tensors):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04K\x01.",
        b"\xff" * 64,
        header(a={"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}) + b"\0" * 4,
        header(a={"dtype": "F32", "shape": [1], "data_offsets": [0, 400]}) + b"\0" * 4,
        header(
            a={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            b={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        )
        + b"\0" * 4,
        header(a={"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}) + b"\0" * 8,
        header(a={"dtype": "F64", "shape": [1], "data_offsets": [0, 4]}) + b"\0" * 4,
    ],
    ids=["empty", "pickle", "noise", "more elements than bytes", "cut short", "overlapping", "hole", "type"],
)
def test_what_is_no_safetensors_file_is_refused(content):
    with pytest.raises(WeightsInvalid, match="not a safetensors file"):
        weights.read_network(content)


def test_loading_does_not_wait_for_what_it_does_not_need(network, tmp_path):
    """On the meta device, on which a network is built, many operations load torch's compiler: a second."""
    path = tmp_path / "net.safetensors"
    weights.write_network(network(architecture="resnet", c_dim=2), path)
    script = (
        "import sys\nfrom doesnotexist_stylegan2 import load_generator\nload_generator(sys.argv[1])\n"
        "print([name for name in ('torch._dynamo', 'sympy') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["nothing.safetensors", "."])
def test_what_cannot_be_read_is_refused_by_its_name(tmp_path, name):
    with pytest.raises(WeightsInvalid, match="cannot be read"):
        weights.read_network(tmp_path / name)


def test_a_file_may_be_replaced_while_its_network_is_in_use(network, tmp_path):
    path = tmp_path / "net.safetensors"
    weights.write_network(network(), path, torch.float32)
    used = weights.read_network(path)

    path.unlink()

    for name, tensor in network().state_dict().items():
        assert torch.equal(used.state_dict()[name], tensor), name


def test_a_file_cut_short_is_refused_by_its_name(network, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(file_of(network())[:-100])

    with pytest.raises(WeightsInvalid, match=r"cut\.safetensors"):
        weights.read_network(path)
