"""The generator of lucidrains' stylegan2-pytorch, version 1.9.0: StyleGAN2's ideas in another network.

Where it differs from NVIDIA's, all of it in `network`:

- z is scaled to length 1; the mapping's layers multiply by lr_mlp (0.1) and by no gain for their width.
- One w a resolution, so num_ws is log2(R) − 1.
- Styles are what is added to 1; convolutions have no bias and follow a bilinear upsampling.
- One noise image in [0, 1) serves all layers: its corner, transposed, times a number a channel, plus another.
- Some resolutions may begin with linear attention.
- The picture is in [0, 1]. `Synthesis` gives [-1, 1], as every network of this package does.
- No mean w is stored: it is measured over 2,000 z that never change.

Held against that package itself, with random weights from 32 to 128 px, pictures differ by at most 6e-6.
"""

from __future__ import annotations

from .architecture import FORMAT, Architecture
from .network import Network, RowByRow, choose, filled

__all__ = ["FORMAT", "Architecture", "Network", "RowByRow", "choose", "filled"]
