"""lucidrains' generator, from a checkpoint through the converter to pictures, against upstream's formulas.

The textbook below is written from a description of stylegan2-pytorch 1.9.0: every sample has weights of its
own in one grouped convolution, and upsampling, blur and attention are spelled out.
"""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from safetensors.torch import load, save

from doesnotexist.errors import InvalidParameter, WeightsInvalid
from doesnotexist_stylegan2 import StyleGAN2, load_generator, weights
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes
from doesnotexist_stylegan2.convert.jail import convert_file
from doesnotexist_stylegan2.latents import z_of_seed
from doesnotexist_stylegan2.noise import SeededNoise

LATENT, DEPTH = 10, 3
CONFIG = {"image_size": 32, "network_capacity": 2, "lr_mlp": 0.1, "transparent": False, "fq_layers": [],
          "fq_dict_size": 256, "attn_layers": [], "no_const": False}  # fmt: skip

SMALL = {**CONFIG, "image_size": 16}

NETWORKS = {
    "plain": {},
    "16 px": {"image_size": 16},
    "start from w": {"no_const": True},
    "transparent": {"transparent": True, "image_size": 16},
    "another rate": {"lr_mlp": 0.4},
    "attention": {"attn_layers": [1, 3], "image_size": 16},
    "all of it": {"attn_layers": [2, 9], "no_const": True, "transparent": True, "network_capacity": 4},
}


class State(dict):
    """Tensors by name; none of them is left at 0 or 1, where a mistake would hide."""

    def __init__(self):
        super().__init__()
        self.random = torch.Generator().manual_seed(3)

    def add(self, name, *shape, fan=1):
        self[name] = torch.randn(shape, generator=self.random) / math.sqrt(fan)

    def linear(self, name, narrow, wide, rate=1.0):
        self.add(f"{name}.weight", wide, narrow, fan=narrow * rate**2)
        self.add(f"{name}.bias", wide, fan=4 * rate**2)

    def conv(self, name, narrow, wide, size, bias=False):
        self.add(f"{name}.weight", wide, narrow, size, size, fan=narrow * size**2)
        if bias:
            self.add(f"{name}.bias", wide, fan=4)


def state_of(config):
    """GE's and SE's tensors as upstream names and shapes them."""
    state = State()
    for layer in range(DEPTH):
        state.linear(f"SE.net.{2 * layer}", LATENT, LATENT, rate=config["lr_mlp"])
    blocks = config["image_size"].bit_length() - 2
    widths = [config["network_capacity"] * 2 ** (blocks - block) for block in range(blocks)]
    if config["no_const"]:
        state.add("GE.to_initial_block.weight", LATENT, widths[0], 4, 4, fan=LATENT)
    else:
        state.add("GE.initial_block", 1, widths[0], 4, 4)
    state.conv("GE.initial_conv", widths[0], widths[0], 3, bias=True)
    for block, (narrow, wide) in enumerate(zip([widths[0], *widths], widths, strict=False)):
        add_block(state, f"GE.blocks.{block}", narrow, wide, 4 if config["transparent"] else 3)
        if block < blocks - 1:
            state[f"GE.blocks.{block}.to_rgb.upsample.1.f"] = torch.tensor([1.0, 2.0, 1.0])
        if blocks - block in config["attn_layers"]:
            add_attention(state, f"GE.attns.{block}", narrow)
    return state


def add_block(state, name, narrow, wide, channels):
    for layer, features in (1, narrow), (2, wide):
        state.linear(f"{name}.to_style{layer}", LATENT, features)
        state.linear(f"{name}.to_noise{layer}", 1, wide)
        state.conv(f"{name}.conv{layer}", features, wide, 3)
    state.linear(f"{name}.to_rgb.to_style", LATENT, wide)
    state.conv(f"{name}.to_rgb.conv", wide, channels, 1)


def add_attention(state, name, wide):
    for part in "01":
        state.add(f"{name}.{part}.fn.norm.g", 1, wide, 1, 1)
        state.add(f"{name}.{part}.fn.norm.b", 1, wide, 1, 1)
    state.conv(f"{name}.0.fn.fn.to_q", wide, 512, 1)
    state.conv(f"{name}.0.fn.fn.to_kv.net.0", 1, wide, 3)
    state.conv(f"{name}.0.fn.fn.to_kv.net.1", wide, 1024, 1)
    state.conv(f"{name}.0.fn.fn.to_out", 512, wide, 1, bias=True)
    state.conv(f"{name}.1.fn.fn.0", wide, 2 * wide, 1, bias=True)
    state.conv(f"{name}.1.fn.fn.2", 2 * wide, wide, 1, bias=True)


def checkpoint(config):
    """What upstream's trainer saves: the networks in training too, under S, G and D."""
    state = state_of(config)
    other = {name.replace("E.", ".", 1): tensor + 1 for name, tensor in state.items()}
    stream = io.BytesIO()
    whole = {**other, **state, "D.final_conv.bias": torch.zeros(3)}
    torch.save({"GAN": whole, "version": "1.9.0"}, stream)
    return stream.getvalue()


def converted(config, said=None):
    """The converter's file; `said` is the configuration that it is given, "" for none."""
    text = json.dumps(config if said is None else said) if said != "" else None
    found = convert_bytes(memoryview(checkpoint(config)), text)
    tensors = {name: torch.from_numpy(array) for name, array in found.tensors.items()}
    return save(tensors, found.metadata)


def config_of(changes):
    return {**CONFIG, **changes}


class Textbook:
    def __init__(self, config):
        self.config, self.state = config, state_of(config)
        self.blocks = config["image_size"].bit_length() - 2

    def mapping(self, z):
        x = z / z.square().sum(1, keepdim=True).sqrt()
        for layer in range(DEPTH):
            weight, bias = self.state[f"SE.net.{2 * layer}.weight"], self.state[f"SE.net.{2 * layer}.bias"]
            x = x @ (weight.to(x.dtype) * self.config["lr_mlp"]).T + bias.to(x.dtype) * self.config["lr_mlp"]
            x = torch.where(x < 0, 0.2 * x, x)
        return x

    def linear(self, name, x):
        return x @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]

    def modulated(self, name, x, style, demodulate=True):
        weight = self.state[f"{name}.weight"]
        own = weight[None] * (style[:, None, :, None, None] + 1)
        if demodulate:
            own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
        n, out, features, size, _ = own.shape
        x = x.reshape(1, n * features, *x.shape[2:])
        x = F.conv2d(x, own.reshape(n * out, features, size, size), padding=size // 2, groups=n)
        return x.reshape(n, out, *x.shape[2:])

    def double(self, x):
        """A new pixel lies a quarter of an old one off its centre: 3/4 of it and 1/4 of its neighbour."""
        for axis in (2, 3):
            size = x.shape[axis]
            before = x.index_select(axis, torch.tensor([0, *range(size - 1)]))
            after = x.index_select(axis, torch.tensor([*range(1, size), size - 1]))
            pair = torch.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)
            x = pair.flatten(axis, axis + 1)
        return x

    def blur(self, x):
        for axis in (2, 3):
            size = x.shape[axis]
            before = x.index_select(axis, torch.tensor([1, *range(size - 1)]))
            after = x.index_select(axis, torch.tensor([*range(1, size), size - 2]))
            x = (before + 2 * x + after) / 4
        return x

    def normed(self, name, x):
        mean = x.mean(1, keepdim=True)
        spread = ((x - mean).square().mean(1, keepdim=True) + 1e-5).sqrt()
        return (x - mean) / spread * self.state[f"{name}.g"] + self.state[f"{name}.b"]

    def conv(self, name, x, **options):
        return F.conv2d(x, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"), **options)

    def attention(self, name, x):
        y = self.normed(f"{name}.0.fn.norm", x)
        q = self.conv(f"{name}.0.fn.fn.to_q", y)
        y = self.conv(f"{name}.0.fn.fn.to_kv.net.0", y, padding=1, groups=y.shape[1])
        k, v = self.conv(f"{name}.0.fn.fn.to_kv.net.1", y).split(512, 1)
        heads = []
        for first in range(0, 512, 64):
            query, key, value = (part[:, first : first + 64].flatten(2) for part in (q, k, v))
            query, key = query.softmax(1) / 8, key.softmax(2)
            context = torch.einsum("ncp,nep->nce", key, value)
            heads.append(torch.einsum("ncp,nce->nep", query, context).reshape(len(x), 64, *x.shape[2:]))
        y = torch.cat(heads, 1)
        y = y * (1 + torch.erf(y / math.sqrt(2))) / 2  # GELU
        x = x + self.conv(f"{name}.0.fn.fn.to_out", y)
        y = self.conv(f"{name}.1.fn.fn.0", self.normed(f"{name}.1.fn.norm", x))
        return x + self.conv(f"{name}.1.fn.fn.2", torch.where(y < 0, 0.2 * y, y))

    def synthesis(self, ws, noise):
        """ws (N, blocks, LATENT), noise (N, R, R, 1) as upstream draws it -> (N, C, R, R) in [0, 1]"""
        if self.config["no_const"]:
            x = torch.einsum("nl,lcij->ncij", ws.mean(1), self.state["GE.to_initial_block.weight"])
        else:
            x = self.state["GE.initial_block"].repeat(len(ws), 1, 1, 1)
        x, rgb = self.conv("GE.initial_conv", x, padding=1), None
        for block in range(self.blocks):
            name, w = f"GE.blocks.{block}", ws[:, block]
            if self.blocks - block in self.config["attn_layers"]:
                x = self.attention(f"GE.attns.{block}", x)
            x = self.double(x) if block else x
            cut = noise[:, : x.shape[2], : x.shape[3]]
            for layer in (1, 2):
                x = self.modulated(f"{name}.conv{layer}", x, self.linear(f"{name}.to_style{layer}", w))
                x = x + self.linear(f"{name}.to_noise{layer}", cut).permute(0, 3, 2, 1)
                x = torch.where(x < 0, 0.2 * x, x)
            style = self.linear(f"{name}.to_rgb.to_style", w)
            colours = self.modulated(f"{name}.to_rgb.conv", x, style, demodulate=False)
            rgb = colours if rgb is None else rgb + colours
            if block < self.blocks - 1:
                rgb = self.blur(self.double(rgb))
        return rgb


def noise_image(config, kind):
    size = config["image_size"]
    if kind == "none":
        return torch.zeros(1, size, size, 1)
    return torch.from_numpy(np.random.RandomState(0).random_sample((1, size, size, 1))).float()


def seeds(*numbers):
    return np.concatenate([z_of_seed(n, LATENT) for n in numbers])


@pytest.fixture(scope="module")
def generator():
    return load_generator(converted(CONFIG))


@pytest.mark.parametrize("changes", NETWORKS.values(), ids=NETWORKS)
def test_equal_to_the_textbook(changes):
    config = config_of(changes)
    generator, textbook = load_generator(converted(config)), Textbook(config)
    z = torch.from_numpy(seeds(1, 2, 3)).float()

    ws = generator.map(z)
    assert ws.shape == (3, textbook.blocks, LATENT)
    torch.testing.assert_close(ws[:, 0], textbook.mapping(z), atol=1e-6, rtol=0)
    assert ws.std() > 0.1

    ws = ws + 0.3 * torch.randn(ws.shape)
    for noise in ("const", "none"):
        expected = textbook.synthesis(ws, noise_image(config, noise))
        assert expected.std() > 0.1  # a network that draws nothing would be equal to anything
        found = generator.synthesize(ws, noise)
        torch.testing.assert_close((found + 1) / 2, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("changes", NETWORKS.values(), ids=NETWORKS)
def test_most_of_it_can_be_read_off_the_tensors(changes):
    config = config_of({**changes, "lr_mlp": 0.1})
    told, seen = load_generator(converted(config)), load_generator(converted(config, ""))

    assert seen.architecture == told.architecture
    assert torch.equal(seen.synthesize(seen.map(seeds(1))), told.synthesize(told.map(seeds(1))))


def test_from_a_checkpoint_on_the_disk_to_pixels(tmp_path):
    config = config_of({"transparent": True, "image_size": 16})
    (tmp_path / "model_7.pt").write_bytes(checkpoint(config))
    (tmp_path / ".config.json").write_text(json.dumps(config))

    convert_file(tmp_path / "model_7.pt", tmp_path / "net.safetensors")
    generator = load_generator(tmp_path / "net.safetensors")
    pixels = generator.to_uint8(generator.synthesize(generator.map(seeds(1, 2), psi=0.5)))

    assert isinstance(generator, StyleGAN2)
    assert (generator.z_dim, generator.w_dim, generator.c_dim) == (LATENT, LATENT, 0)
    assert (generator.num_ws, generator.resolution, generator.w_avg.shape) == (3, 16, (LATENT,))
    assert (pixels.shape, pixels.dtype) == ((2, 16, 16, 4), torch.uint8)
    assert pixels.float().std() > 10


def test_the_mean_w_is_that_of_2000_z(generator):
    z = torch.from_numpy(np.random.RandomState(0).randn(2000, LATENT))
    mean = Textbook(CONFIG).mapping(z).mean(0).float()

    torch.testing.assert_close(generator.w_avg, mean, atol=1e-6, rtol=0)
    torch.testing.assert_close(generator.map(seeds(1), psi=0), mean.expand(1, 4, LATENT), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["plain", "all of it"])
def test_a_picture_is_the_same_in_any_batch_on_any_number_of_threads(name):
    data = converted(config_of(NETWORKS[name]))
    generator = load_generator(data)
    pictures = generator.synthesize(generator.map(seeds(*range(5)), psi=0.7))

    for threads, seed in zip((1, 2, 3, 4, 8), range(5), strict=True):
        torch.set_num_threads(threads)  # put back after every test
        again = load_generator(data)
        assert torch.equal(again.synthesize(again.map(seeds(seed), psi=0.7))[0], pictures[seed])


def test_random_noise_is_one_image_for_each_picture(generator):
    ws = generator.map(seeds(1, 1))

    first, second = generator.synthesize(ws, "random", noise_seed=[5, 6])
    drawn = SeededNoise(5).uniform(32)[None, :, :, None]

    assert not torch.equal(first, second)
    expected = Textbook(CONFIG).synthesis(ws[:1], drawn)
    torch.testing.assert_close((first + 1)[None] / 2, expected, atol=1e-5, rtol=1e-5)


def test_half_precision_files_are_computed_in_single_precision(generator):
    data = converted(CONFIG)
    half = save({name: tensor.half() for name, tensor in load(data).items()}, weights._parsed(data)[1])

    network = weights.read_network(half)

    assert {tensor.dtype for tensor in network.state_dict().values()} == {torch.float32}
    ws = generator.map(seeds(1))
    off = load_generator(half).synthesize(ws) - generator.synthesize(ws)
    assert 0 < off.abs().max() < 0.05


def test_the_engine_is_for_the_other_network():
    data = converted(SMALL)

    assert {load_generator(data, kernels=kind).synthesis.name for kind in ("auto", "plain")} == {"plain"}
    with pytest.raises(InvalidParameter, match="lucidrains"):
        load_generator(data, kernels="fast")


def file_of(said=None, **tensors):
    """The file of a network of 16 px, with words and tensors replaced (or dropped, if None)."""
    data = converted({**SMALL, "attn_layers": [2]})
    metadata, state = weights._parsed(data)[1], {**load(data), **tensors}
    words = {**json.loads(metadata["architecture"]), **(said or {})}
    kept = {name: word for name, word in words.items() if word is not ...}
    metadata["architecture"] = json.dumps(kept)
    return save({name: tensor for name, tensor in state.items() if tensor is not None}, metadata)


@pytest.mark.parametrize(
    ("name", "tensor", "complaint"),
    [
        ("GE.initial_conv.bias", None, "missing tensors GE.initial_conv.bias"),
        ("GE.blocks.1.conv1.weight", None, "missing tensor GE.blocks.1.conv1.weight"),
        ("GE.blocks.1.conv1.weight", torch.zeros(8), r"GE.blocks.1.conv1.weight: expected .* found \(8,\)"),
        ("GE.blocks.1.conv1.weight", torch.zeros(0, 16, 3, 3), "GE.blocks.1.conv1.weight: expected"),
        ("GE.blocks.1.conv1.weight", torch.zeros(9, 16, 3, 3), r"expected shape \(9.* found \(8"),
        ("GE.blocks.1.to_rgb.upsample.1.f", None, "missing tensors GE.blocks.1.to_rgb.upsample.1.f"),
        ("GE.blocks.1.to_rgb.upsample.1.f", torch.tensor([1.0, 3.0, 1.0]), r"expected \[1, 2, 1\]"),
        ("GE.attns.1.0.fn.fn.to_q.weight", None, "missing tensors GE.attns.1.0.fn.fn.to_q.weight"),
        ("GE.attns.1.0.fn.g", torch.ones(1), "unknown tensors GE.attns.1.0.fn.g"),
        ("GE.to_initial_block.weight", torch.zeros(LATENT, 16, 4, 4), "unknown tensors GE.to_initial"),
        ("SE.net.2.bias", torch.full((LATENT,), math.nan), "SE.net.2.bias: holds values that are not finite"),
        ("SE.net.2.bias", torch.zeros(LATENT, dtype=torch.int32), "expected floating-point numbers"),
        ("D.final_conv.bias", torch.zeros(3), "unknown tensors D.final_conv.bias"),
    ],
)
def test_wrong_tensors_are_named(name, tensor, complaint):
    with pytest.raises(WeightsInvalid, match=complaint):
        weights.read_network(file_of(**{name: tensor}))


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "another"},
        {"latent_dim": 0},
        {"latent_dim": True},
        {"style_depth": 33},
        {"style_depth": "3"},
        {"image_size": 24},
        {"image_size": 1 << 20},
        {"channels": 2},
        {"channels": ...},
        {"lr_mlp": 0},
        {"lr_mlp": True},
        {"lr_mlp": math.nan},
        {"transparent": True},
        {"transparent": 0},
        {"no_const": 1},
        {"attn_layers": 2},
        {"attn_layers": [True]},
        {"mixed_prob": 0.9},
    ],
    ids=str,
)
def test_wrong_words_are_named(said):
    with pytest.raises(WeightsInvalid, match=next(iter(said))):
        weights.read_network(file_of(said))


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"latent_dim": 11}, r"SE.net.0.weight: expected shape \(11, 11\), found \(10, 10\)"),
        ({"style_depth": 4}, "missing tensors SE.net.6"),
        ({"image_size": 32}, "missing tensor GE.blocks.3.conv1.weight"),
        ({"image_size": 8, "attn_layers": [1]}, "unknown tensors GE.blocks.1.to_rgb.upsample.1.f, GE.bl"),
        ({"channels": 4, "transparent": True}, "to_rgb.conv.weight: expected shape"),
        ({"no_const": True}, "missing tensors GE.to_initial_block.weight, unknown tensors GE.initial_block"),
        ({"attn_layers": []}, "unknown tensors GE.attns.1"),
        ({"attn_layers": [1, 2]}, "missing tensors GE.attns.2"),
    ],
    ids=str,
)
def test_words_that_the_tensors_belie_are_refused(said, complaint):
    with pytest.raises(WeightsInvalid, match=complaint):
        weights.read_network(file_of(said))


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 60_000])
def test_an_architecture_that_is_no_object_is_refused(text):
    metadata = {"format": "doesnotexist-lucidrains/1", "architecture": text}

    with pytest.raises(WeightsInvalid, match="JSON"):
        weights.read_network(save(load(file_of()), metadata))
