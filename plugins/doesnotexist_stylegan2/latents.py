"""From a seed and its parameters to the styles of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from doesnotexist.errors import InvalidParameter
from doesnotexist.recipe import MAX_SEED

if TYPE_CHECKING:
    from torch import Tensor

    from .generator import StyleGAN2
    from .params import PictureParams

NEAR = math.radians(30)  # between a z and its relatives: alike at a glance, another at a second


def z_of_seed(seed: int, z_dim: int = 512) -> NDArray[np.float64]:
    """(1, z_dim) standard normal numbers; NVIDIA's convention, so a seed means the picture it means there.

    numpy has promised never to change what RandomState draws (NEP 19).
    """
    if not 0 <= seed <= MAX_SEED:
        raise InvalidParameter("seed", f"an integer from 0 to {MAX_SEED}", seed)
    return np.random.RandomState(seed).randn(1, z_dim)


def z_of_relative(seed: int, relative: int, z_dim: int = 512) -> NDArray[np.float64]:
    """(1, z_dim) standard normal numbers at an angle of 30 degrees to those of the seed.

    Turned, not shifted: random vectors of many dimensions have nearly one length (White 2016, Sampling
    Generative Networks, arXiv:1609.04468), so a sum would leave the distribution.
    """
    aside = np.random.RandomState([seed, relative]).randn(1, z_dim)
    return math.cos(NEAR) * z_of_seed(seed, z_dim) + math.sin(NEAR) * aside


def ws_of(network: StyleGAN2, seed: int, params: PictureParams) -> Tensor:
    """ws (1, num_ws, w_dim) float32 of a picture: truncated, on its way, then mixed."""
    z = z_of_seed(seed, network.z_dim)
    if params.relative is not None:
        z = z_of_relative(seed, params.relative, network.z_dim)
    ws = _map(network, z, params)
    if params.toward is not None:
        # In W, where a straight line is the smoother way (Karras et al. 2019, section 4.1).
        target = _map(network, z_of_seed(params.toward, network.z_dim), params)
        ws = ws.lerp(target, 0.5 if params.step is None else params.step)
    if params.mix is not None:
        layers = list(layers_of(params.mix_layers, network.num_ws))
        # Style mixing (Karras et al. 2019, section 3.1): whole layers from the other picture.
        ws = ws.clone()  # an inference tensor is not written to
        ws[:, layers] = _map(network, z_of_seed(params.mix, network.z_dim), params)[:, layers]
    return ws


def layers_of(text: str | None, num_ws: int) -> Iterator[int]:
    """The layers that "0-3,6-" names, below `num_ws`; None is the finer half."""
    for part in (f"{num_ws // 2}-" if text is None else text).split(","):
        first, dash, last = part.partition("-")
        end = int(last) + 1 if last else num_ws if dash else int(first) + 1
        yield from range(int(first), min(end, num_ws))


def _map(network: StyleGAN2, z: NDArray[np.float64], params: PictureParams) -> Tensor:
    labels = None
    if network.c_dim:
        labels = np.eye(network.c_dim)[[min(params.label or 0, network.c_dim - 1)]]
    # what a smaller network has not got cannot be cut off: all of it is truncated
    cutoff = None if params.cutoff is None else min(params.cutoff, network.num_ws)
    return network.map(z, labels, psi=params.psi, cutoff=cutoff)
