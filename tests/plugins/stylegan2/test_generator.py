"""The public interface: what goes in, what comes out, and always the same of it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from doesnotexist.errors import DeviceMissing, EngineError, InvalidParameter
from doesnotexist_stylegan2 import StyleGAN2, load_generator
from doesnotexist_stylegan2.latents import z_of_seed
from doesnotexist_stylegan2.weights import write_network


@pytest.fixture
def path(network, tmp_path):
    path = tmp_path / "net.safetensors"
    write_network(network(), path, torch.float32)
    return path


@pytest.fixture
def generator(path):
    return load_generator(path)


def seeds(*numbers):
    return np.concatenate([z_of_seed(n, 16) for n in numbers])


def test_a_generator_says_what_it_is(generator):
    assert isinstance(generator, StyleGAN2)
    assert (generator.z_dim, generator.w_dim, generator.c_dim) == (16, 12, 0)
    assert (generator.num_ws, generator.resolution, generator.w_avg.shape) == (8, 32, (12,))


def test_shapes_and_types(generator):
    w = generator.map(seeds(1, 2, 3))
    x = generator.synthesize(w)
    u = generator.to_uint8(x)

    assert (w.shape, w.dtype) == ((3, 8, 12), torch.float32)
    assert (x.shape, x.dtype) == ((3, 3, 32, 32), torch.float32)
    assert (u.shape, u.dtype) == ((3, 32, 32, 3), torch.uint8)


def test_numpy_and_torch_are_the_same(generator):
    z = seeds(1, 2)

    w = generator.map(z)
    assert torch.equal(w, generator.map(torch.from_numpy(z)))
    assert torch.equal(generator.synthesize(w), generator.synthesize(w.numpy()))


def test_pixels_are_truncated_as_nvidia_does():
    shades = torch.tensor([-2.0, -1.0, -0.004, 0.0, 0.5, 0.9999, 1.0, 2.0]).reshape(1, 1, 1, 8)

    pixels = StyleGAN2.to_uint8(None, shades)

    # Truncation has steps: where NVIDIA's sum is 93.00002 and another order of sums gives 92.99998, a byte
    # differs by one though pictures differ by 3e-7. One of 36,864 did, with PyTorch alone.
    assert pixels.flatten().tolist() == [0, 0, 127, 128, 191, 255, 255, 255]


def test_psi_zero_is_the_mean_and_cutoff_keeps_the_rest(generator):
    z = seeds(4, 5)
    whole, mean, part = generator.map(z), generator.map(z, psi=0), generator.map(z, psi=0, cutoff=3)

    torch.testing.assert_close(mean, generator.w_avg.expand(2, 8, 12))
    assert torch.equal(part[:, 3:], whole[:, 3:])
    assert torch.equal(part[:, :3], mean[:, :3])


def test_a_picture_is_the_same_in_any_batch(generator):
    pictures = generator.synthesize(generator.map(seeds(*range(7)), psi=0.7))

    for seed in range(7):
        alone = generator.synthesize(generator.map(seeds(seed), psi=0.7))
        assert torch.equal(alone[0], pictures[seed])


SCRIPT = """
import hashlib, sys, torch
from doesnotexist_stylegan2 import load_generator
from doesnotexist_stylegan2.latents import z_of_seed
g = load_generator(sys.argv[1])
x = g.synthesize(g.map(z_of_seed(85, 16), psi=0.7))
print(torch.get_num_threads(), hashlib.sha256(x.numpy().tobytes()).hexdigest())
"""


def test_a_picture_is_the_same_in_another_process_of_other_threads(generator, path):
    here = generator.synthesize(generator.map(z_of_seed(85, 16), psi=0.7))

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["2", hashlib.sha256(here.numpy().tobytes()).hexdigest()]


@pytest.mark.parametrize(
    "z",
    [
        np.zeros((1, 15)),
        np.zeros(16),
        np.zeros((0, 16)),
        np.zeros((1, 1, 16)),
        np.full((1, 16), np.nan),
        np.zeros((1, 16), int),
        torch.zeros((1, 16), dtype=torch.int64),
        np.full((1, 16), 1e300),
        np.full((1, 16), None),
        [[1.0], [1.0, 2.0]],
        "z",
        None,
        7,
    ],
    ids=[
        "short", "one-dimensional", "none", "three-dimensional", "nan", "integers", "tensor of integers",
        "beyond float32", "objects", "ragged", "text", "nothing", "a number",
    ],
)  # fmt: skip
def test_wrong_z_is_refused(generator, z):
    with pytest.raises(InvalidParameter, match="z"):
        generator.map(z)


@pytest.mark.parametrize(
    "given",
    [
        {"psi": float("nan")}, {"psi": float("inf")}, {"psi": "0.7"}, {"psi": None},
        {"cutoff": -1}, {"cutoff": 9}, {"cutoff": 2.5}, {"cutoff": "3"},
        {"c": np.ones((1, 3))}, {"c": [1.0]},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_parameters_are_refused_by_name(generator, given):
    with pytest.raises(InvalidParameter, match=next(iter(given))):
        generator.map(seeds(1), **given)


@pytest.mark.parametrize(
    "change",
    [
        lambda z: torch.from_numpy(z),
        lambda z: torch.from_numpy(z).requires_grad_(),
        lambda z: z.tolist(),
        lambda z: z.astype(">f8"),
        lambda z: z.astype(np.longdouble),
        lambda z: z[:, ::-1].copy()[:, ::-1],
        lambda z: np.asfortranarray(z),
        lambda z: np.frombuffer(z.tobytes()).reshape(z.shape),
    ],
    ids=["tensor", "with gradient", "list", "big-endian", "long", "backwards", "fortran", "read-only"],
)
def test_the_same_numbers_in_any_form(generator, change):
    z = seeds(1, 2)
    assert torch.equal(generator.map(change(z)), generator.map(z))


def test_numbers_of_numpys(generator):
    w = generator.map(seeds(1), psi=np.float32(0.5), cutoff=np.int64(3))
    assert torch.equal(w, generator.map(seeds(1), psi=0.5, cutoff=3))
    assert torch.equal(generator.synthesize(w, "random", np.int64(4)), generator.synthesize(w, "random", 4))


def test_labels_of_no_classes_are_none(generator):
    """As NVIDIA's scripts hand them to networks without labels."""
    assert torch.equal(generator.map(seeds(1), np.zeros((1, 0))), generator.map(seeds(1)))


def test_pixels_are_made_of_pictures(generator):
    picture = generator.synthesize(generator.map(seeds(1)))
    assert torch.equal(generator.to_uint8(picture.numpy()), generator.to_uint8(picture))
    for wrong in (picture[0], picture.to(torch.uint8), "x", None):
        with pytest.raises(InvalidParameter, match="images"):
            generator.to_uint8(wrong)


def test_a_card_that_is_full_is_an_error_of_ours(generator):
    def full(ws, noise):
        raise torch.OutOfMemoryError("CUDA out of memory")

    w = generator.map(seeds(1))
    generator.synthesis = full
    with pytest.raises(EngineError, match="no memory for 1 pictures of 32 px"):
        generator.synthesize(w)


def test_one_w_steers_all_layers(generator):
    w = generator.map(seeds(1, 2), psi=0.7)
    assert torch.equal(generator.synthesize(w[:, 0].numpy()), generator.synthesize(w))


def test_wrong_w_and_noise_are_refused(generator):
    w = generator.map(seeds(1))

    with pytest.raises(InvalidParameter, match="w"):
        generator.synthesize(w[:, 0, :7])

    with pytest.raises(InvalidParameter, match="w"):
        generator.synthesize(w[:, :7])
    with pytest.raises(InvalidParameter, match="noise"):
        generator.synthesize(w, noise="loud")


def test_two_ws_are_mixed_by_layers(generator):
    """Style mixing (Karras et al. 2019, section 3.1): coarse layers from one, fine ones from the other."""
    one, other = generator.map(seeds(1, 2))
    mixed = torch.cat([one[:4], other[4:]])

    pictures = generator.synthesize(torch.stack([one, other, mixed]))

    assert not torch.equal(pictures[2], pictures[0])
    assert not torch.equal(pictures[2], pictures[1])
    assert torch.equal(generator.synthesize(mixed.numpy()[None])[0], pictures[2])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
@pytest.mark.parametrize("device", ["cuda", "cuda:7", "teapot"])
def test_a_device_that_is_not_there_is_refused_by_name(path, device):
    with pytest.raises(DeviceMissing, match=device):
        load_generator(path, device=device)


def test_a_conditional_network_wants_its_labels(network):
    generator = StyleGAN2(network(c_dim=3))
    z, labels = seeds(1, 2), np.eye(3)[:2]

    assert generator.map(z, labels).shape == (2, 8, 12)
    assert torch.equal(generator.map(z, labels.astype(int)), generator.map(z, labels))
    assert not torch.equal(generator.map(z, labels), generator.map(z, labels[::-1].copy()))
    for wrong in (None, np.eye(3)[:1], np.eye(2), np.full((2, 3), np.nan)):
        with pytest.raises(InvalidParameter, match="c"):
            generator.map(z, wrong)


def test_importing_the_package_imports_no_torch():
    script = """
import sys
import doesnotexist_stylegan2, doesnotexist_stylegan2.plugin
assert "StyleGAN2" in dir(doesnotexist_stylegan2)
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("torch", "numpy", "safetensors")))
"""

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_names_that_are_not_there_are_not_there():
    import doesnotexist_stylegan2

    with pytest.raises(AttributeError, match="StyleGAN3"):
        _ = doesnotexist_stylegan2.StyleGAN3
