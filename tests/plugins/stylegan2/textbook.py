"""StyleGAN2 as the papers write it down, for any architecture, in the precision of its tensors.

Every sample gets weights of its own and all of them one grouped convolution (Karras et al. 2020, section
2.2); upsampling is stuffing zeros and filtering. Slow and plain, and written without a look at the network's
code.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere


def unit(x):
    """Second moment 1 along the features."""
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


class Textbook:
    def __init__(self, net, state):
        self.net, self.state = net, dict(state)

    def linear(self, name, x, rate=1.0):
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        return x @ (weight * rate / math.sqrt(weight.shape[1])).T + bias * rate

    def activate(self, x, gain=1.0):
        x = torch.where(x < 0, x * (0.2 if self.net.activation == "lrelu" else 0.0), x) * math.sqrt(2) * gain
        limit = self.net.conv_clamp
        return x if limit is None else x.clamp(-limit * gain, limit * gain)

    def mapping(self, z, c=None):
        if c is None:
            x = unit(z)
        elif self.net.labels_joined:  # NVlabs/stylegan2, G_mapping: LabelConcat
            x = unit(torch.cat([z, c @ self.state["mapping.embed.weight"].T], 1))
        else:
            x = torch.cat([unit(z), unit(self.linear("mapping.embed", c))], 1)
        slope = 0.2 if (self.net.mapping_activation or self.net.activation) == "lrelu" else 0.0
        for index in range(self.net.mapping_layers):
            x = self.linear(f"mapping.fc{index}", x, self.net.lr_multiplier)
            x = torch.where(x < 0, x * slope, x) * math.sqrt(2)
        return x

    def filter(self, x, before, after):
        line = torch.tensor(self.net.resample_filter, dtype=x.dtype)
        kernel = torch.outer(line, line) / line.sum().square() * 4
        kernel = kernel.flip(0, 1).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(F.pad(x, (before, after, before, after)), kernel, groups=x.shape[1])

    def upsample(self, x):
        taps = len(self.net.resample_filter)
        return self.filter(self.stuff(x), (taps + 1) // 2, (taps - 2) // 2)

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
            x, own, pad = self.stuff(x)[:, :, :-1, :-1], own.flip(3, 4), 2  # 2H+1 places
        n, out, features, size, _ = own.shape
        x = x.reshape(1, n * features, *x.shape[2:])
        x = F.conv2d(x, own.reshape(n * out, features, size, size), padding=pad, groups=n)
        return x.reshape(n, out, *x.shape[2:])

    def layer(self, name, x, w, noise, up=False, gain=1.0):
        x = self.modulated(name, x, w, up=up)
        if up:
            taps = len(self.net.resample_filter)
            x = self.filter(x, (taps + 1) // 2 - 1, (taps - 2) // 2)
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
                x = x + F.conv2d(self.upsample(before), weight) * math.sqrt(0.5)
            if image is not None:
                image = self.upsample(image)
            if self.net.architecture == "skip" or resolution == self.net.resolution:
                colours = self.torgb(f"{block}.torgb", x, ws[:, place])
                image = colours if image is None else image + colours
        return image
