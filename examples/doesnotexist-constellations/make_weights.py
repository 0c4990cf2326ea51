"""Make `weights/sky.safetensors` again: letter counts of real names, and colours of stars.

    python make_weights.py

The colours are those of a glowing body from 3,000 to 10,000 kelvin, rounded.
"""

from pathlib import Path

import numpy as np
from doesnotexist_constellations.names import REAL
from safetensors.numpy import save

COLOURS = [
    (255, 180, 107),
    (255, 206, 166),
    (255, 228, 206),
    (255, 243, 239),
    (235, 238, 255),
    (202, 216, 255),
]
TARGET = Path(__file__).parent / "doesnotexist_constellations" / "weights" / "sky.safetensors"


def letters() -> np.ndarray:
    """(27, 27, 27) float32: how often a letter follows two others; 0 stands before and after a name."""
    counts = np.zeros((27, 27, 27), np.float32)
    for name in REAL:
        codes = [0, 0, *(ord(letter) - ord("a") + 1 for letter in name), 0]
        for one, two, three in zip(codes, codes[1:], codes[2:], strict=False):
            counts[one, two, three] += 1
    return counts


def content() -> bytes:
    """The file."""
    return save({"letters": letters(), "colours": np.array(COLOURS, np.float32) / 255})


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(content())
