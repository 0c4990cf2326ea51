"""The network against StyleGAN2 as the papers write it down.

The textbook below gives every sample weights of its own and runs one grouped convolution (Karras et al. 2020,
section 2.2); it upsamples by stuffing zeros and filtering. Slow and plain, and written without a look at the
network's code.
"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from doesnotexist_stylegan2.network import truncate


class Textbook:
    def __init__(self, network):
        self.net = network.architecture
        self.state = dict(network.state_dict())

    def linear(self, name, x, rate=1.0):
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        return x @ (weight * rate / math.sqrt(weight.shape[1])).T + bias * rate

    def activate(self, x, gain=1.0):
        x = torch.where(x < 0, x * (0.2 if self.net.activation == "lrelu" else 0.0), x) * math.sqrt(2) * gain
        limit = self.net.conv_clamp
        return x if limit is None else x.clamp(-limit * gain, limit * gain)

    def mapping(self, z, c=None):
        x = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
        if c is not None:
            y = self.linear("mapping.embed", c)
            x = torch.cat([x, y / (y.square().mean(1, keepdim=True) + 1e-8).sqrt()], 1)
        for index in range(self.net.mapping_layers):
            x = self.linear(f"mapping.fc{index}", x, self.net.lr_multiplier)
            x = torch.where(x < 0, x * (0.2 if self.net.activation == "lrelu" else 0.0), x) * math.sqrt(2)
        return x

    def filter(self, x, before, after):
        line = torch.tensor(self.net.resample_filter)
        kernel = torch.outer(line, line) / line.sum().square() * 4
        kernel = kernel.flip(0, 1).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(F.pad(x, (before, after, before, after)), kernel, groups=x.shape[1])

    def stuff(self, x):
        wide = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
        wide[:, :, ::2, ::2] = x
        return wide

    def modulated(self, name, x, w, demodulate=True, up=False):
        weight = self.state[f"{name}.weight"]
        styles = self.linear(f"{name}.affine", w)
        if not demodulate:
            styles = styles / math.sqrt(weight.shape[1])
        own = weight[None] * styles[:, None, :, None, None]
        if demodulate:
            own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
        pad = weight.shape[-1] // 2
        if up:  # stored for a transposed convolution: flipped for an ordinary one over stuffed zeros
            x, own, pad = self.stuff(x)[:, :, :-1, :-1], own.flip(3, 4), 2
        n, out, features, size, _ = own.shape
        x = x.reshape(1, n * features, *x.shape[2:])
        x = F.conv2d(x, own.reshape(n * out, features, size, size), padding=pad, groups=n)
        return x.reshape(n, out, *x.shape[2:])

    def layer(self, name, x, w, noise, up=False, gain=1.0):
        x = self.modulated(name, x, w, up=up)
        if up:
            x = self.filter(x, 1, 1)
        if self.net.use_noise and noise == "const":
            x = x + self.state[f"{name}.noise_const"] * self.state[f"{name}.noise_strength"]
        return self.activate(x + self.state[f"{name}.bias"][:, None, None], gain)

    def torgb(self, name, x, w):
        y = self.modulated(name, x, w, demodulate=False) + self.state[f"{name}.bias"][:, None, None]
        return y if self.net.conv_clamp is None else y.clamp(-self.net.conv_clamp, self.net.conv_clamp)

    def synthesis(self, ws, noise="const"):
        x = self.state["synthesis.b4.const"].expand(len(ws), -1, -1, -1)
        image, place = None, 0
        for resolution in self.net.block_resolutions:
            block, first = f"synthesis.b{resolution}", resolution == 4
            residual = self.net.architecture == "resnet" and not first
            before = x
            if not first:
                x = self.layer(f"{block}.conv0", x, ws[:, place], noise, up=True)
                place += 1
            x = self.layer(f"{block}.conv1", x, ws[:, place], noise, gain=math.sqrt(0.5) if residual else 1.0)
            place += 1
            if residual:
                weight = self.state[f"{block}.skip.weight"] / math.sqrt(before.shape[1])
                x = x + F.conv2d(self.filter(self.stuff(before), 2, 1), weight) * math.sqrt(0.5)
            if image is not None:
                image = self.filter(self.stuff(image), 2, 1)
            if self.net.architecture == "skip" or resolution == self.net.resolution:
                colours = self.torgb(f"{block}.torgb", x, ws[:, place])
                image = colours if image is None else image + colours
        return image


NETWORKS = {
    "plain": {},
    "conditional": {"c_dim": 5},
    "deep": {"mapping_layers": 8, "lr_multiplier": 0.1},
    "clamped": {"conv_clamp": 0.8},
    "without noise": {"use_noise": False},
    "relu": {"activation": "relu"},
    "resnet": {"architecture": "resnet"},
    "resnet, clamped": {"architecture": "resnet", "conv_clamp": 0.8},
    "orig": {"architecture": "orig"},
    "grey": {"channels": 1},
}


@pytest.mark.parametrize("changes", NETWORKS.values(), ids=NETWORKS)
def test_equal_to_the_textbook(network, changes):
    net = network(**changes)
    textbook = Textbook(net)
    z = torch.randn(3, net.architecture.z_dim)
    c = torch.eye(5)[:3] if net.architecture.c_dim else None

    w = net.mapping(z, c)
    torch.testing.assert_close(w, textbook.mapping(z, c), atol=1e-6, rtol=1e-5)

    ws = w[:, None].repeat(1, net.architecture.num_ws, 1) + 0.3 * torch.randn(3, net.architecture.num_ws, 12)
    for noise in ("const", "none"):
        expected = textbook.synthesis(ws, noise)
        assert expected.std() > 0.1  # a network that draws nothing would be equal to anything
        torch.testing.assert_close(net.synthesis(ws, noise), expected, atol=1e-5, rtol=0)


def test_noise_is_seen_and_random_noise_is_new_each_time(network):
    net = network()
    ws = torch.randn(1, net.architecture.num_ws, 12)

    first, second = (net.synthesis(ws, "random") for _ in range(2))

    assert not torch.equal(first, second)
    assert not torch.equal(net.synthesis(ws, "const"), net.synthesis(ws, "none"))


def test_half_precision_convolutions_draw_nearly_the_same(network):
    net = network()
    z = torch.randn(4, 16)

    off = net(z, dtype=torch.bfloat16) - net(z)

    assert net(z, dtype=torch.bfloat16).dtype == torch.float32
    assert off.std() < 0.05 * net(z).std()


def test_truncation_pulls_the_first_ws_to_the_mean():
    ws, mean = torch.randn(2, 6, 3), torch.randn(3)

    torch.testing.assert_close(truncate(ws, mean, 0.7), mean + 0.7 * (ws - mean))
    torch.testing.assert_close(truncate(ws, mean, -1.0), 2 * mean - ws)
    part = truncate(ws, mean, 0.0, cutoff=2)
    torch.testing.assert_close(part[:, :2], mean.expand(2, 2, 3))
    assert torch.equal(part[:, 2:], ws[:, 2:])
    assert torch.equal(truncate(ws, mean, 1.0), ws)
