"""From the bytes of somebody's checkpoint to a network of ours: read, recognise, convert."""

from __future__ import annotations

from doesnotexist.errors import quoted

from . import bimodal, lucidrains, nvidia_tf, nvidia_torch, rosinality
from .limits import broken
from .network import Converted
from .torchfile import Container, read
from .values import Record

KINDS = (
    "NVIDIA's pickles (TensorFlow; PyTorch with G_ema), rosinality's .pt with g_ema, lucidrains' .pt, "
    "BIMODAL's .dat"
)


def convert_bytes(data: memoryview, config: str | None = None) -> Converted:
    """The network that a checkpoint holds; raises only `WeightsInvalid` or `ConversionRefused`."""
    container, root = read(data)
    return recognise(container, root, config)


def recognise(container: Container, root: object, config: str | None = None) -> Converted:
    """The network in what a checkpoint was read into."""
    if nvidia_tf.is_mine(root):
        return nvidia_tf.convert(root)
    if nvidia_torch.is_mine(root):
        return nvidia_torch.convert(root)
    if rosinality.is_mine(root):
        return rosinality.convert(root, container)
    if lucidrains.is_mine(root):
        return lucidrains.convert(root, container, config)
    if bimodal.is_mine(root):
        return bimodal.convert(root, container)
    raise broken(f"no checkpoint of a known kind ({KINDS}): it holds {_described(root)}")


def _described(root: object) -> str:
    if isinstance(root, dict):
        return f"a dict of {quoted(list(root)[:5])}"
    return f"a {root.kind}" if isinstance(root, Record) else f"a {type(root).__name__}"
