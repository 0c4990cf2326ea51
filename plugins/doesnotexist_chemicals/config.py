"""The shape of the network, for those who train it and those who only run it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

HEAD = 64  # channels of one attention head


@dataclass(frozen=True)
class Config:
    """Everything that decides the shapes; stored beside the weights."""

    vocabulary: int  # tokens, END included
    layers: int = 6
    width: int = 192  # D, a multiple of 64
    context: int = 64  # longest molecule in tokens, END at both ends included

    @property
    def heads(self) -> int:
        """Attention heads of 64 channels each."""
        return self.width // HEAD

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor of the network by name, without building it."""
        v, d = self.vocabulary, self.width
        block = {"qkv": (3 * d, d), "out": (d, d), "up": (4 * d, d), "down": (d, 4 * d)}
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (v, d), "head.weight": (v, d)}
        for layer in range(self.layers):
            shapes |= {f"blocks.{layer}.{name}.weight": shape for name, shape in block.items()}
        return shapes

    def as_dict(self) -> dict[str, int]:
        """The fields as plain numbers."""
        return asdict(self)
