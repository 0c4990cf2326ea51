"""The network: a small GPT over SMILES tokens.

Decoder of Radford et al. 2019 with rotary positions (Su et al. 2021, arXiv:2104.09864),
root-mean-square norms without gains (Zhang and Sennrich 2019, arXiv:1910.07467), normalised queries
and keys (Henry et al. 2020, arXiv:2010.04245) and a squared-ReLU feed-forward (So et al. 2021,
arXiv:2109.08668).

It is trained here; `network` is what runs it afterwards.

Letters in comments: B molecules, T tokens, S positions that are looked at, H heads of 64 channels,
D = 64 H channels of the stream, V tokens of the vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import HEAD, Config
from .network import rotary_table

__all__ = ["Config", "MoleculeGPT"]


def norm(x: Tensor) -> Tensor:  # any shape, last axis to root mean square 1
    """Root-mean-square norm without a gain (the next matrix can hold it)."""
    return functional.rms_norm(x, (x.shape[-1],))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # (..., 64), tables (..., 32) that broadcast
    """Turn channel pairs (i, i + 32) by their position's angle (equation 34 of the rotary paper)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # (B, H, T, 64), (B, H, S, 64) twice, to (B, H, T, 64)
    """Softmax attention of the last T of S positions, each seeing itself and those before.

    Spelled out: on a CPU and ten tokens the fused operator takes twice the time of the whole step.
    """
    scores = (q @ k.transpose(-1, -2)) * HEAD**-0.5
    later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1 + k.shape[-2] - q.shape[-2])
    attention: Tensor = scores.masked_fill(later, -1e9).softmax(-1).to(v.dtype) @ v
    return attention


class Block(nn.Module):
    """Attention, then feed-forward, each added to its input."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.up = nn.Linear(config.width, 4 * config.width, bias=False)
        self.down = nn.Linear(4 * config.width, config.width, bias=False)

    def queries_keys_values(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) to three of (B, H, T, 64)."""
        q, k, v = self.qkv(norm(x)).view(*x.shape[:2], 3, self.heads, HEAD).permute(2, 0, 3, 1, 4)
        return rotate(norm(q), cos, sin).to(v.dtype), rotate(norm(k), cos, sin).to(v.dtype), v

    def feed_forward(self, x: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        return self.down(functional.relu(self.up(norm(x))).square())  # type: ignore[no-any-return]

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # (B, T, D) to (B, T, D)
        """All tokens at once, each seeing those before it."""
        q, k, v = self.queries_keys_values(x, cos, sin)
        y = attend(q, k, v)
        x = x + self.out(y.transpose(1, 2).flatten(2))
        return x + self.feed_forward(x)


class MoleculeGPT(nn.Module):
    """Logits of the next token."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        for name, table in zip(("cos", "sin"), rotary_table(config.context), strict=True):
            self.register_buffer(name, torch.from_numpy(table).float(), persistent=False)

    def start(self, generator: torch.Generator) -> None:
        """First values: uniform of variance 1 / (3 fan-in); what writes to the stream starts at zero."""
        for name, weight in self.named_parameters():
            bound = weight.shape[1] ** -0.5
            with torch.no_grad():
                if name.startswith("embedding"):
                    weight.normal_(generator=generator)
                elif name.endswith(("out.weight", "down.weight", "head.weight")):
                    weight.zero_()
                else:
                    weight.uniform_(-bound, bound, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, T) int64 to (B, T, V)
        """Logits after every token of every molecule."""
        length = tokens.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        x = norm(self.embedding(tokens))
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.head(norm(x))  # type: ignore[no-any-return]
