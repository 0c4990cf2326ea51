"""Many samples at once: stopped at any moment, and gone on with by the same command.

orders     what is to be made: one model, one set of parameters, many seeds
manifest   what is there already: a line for each sample, written when the sample is whole
folder     a file for each sample
archive    one tar of all
shards     files of a thousand samples each, on any file system that fsspec knows
tasks      shards made by tasks of a Ray cluster
progress   what a person sees meanwhile
"""

from __future__ import annotations

from .archive import Archive
from .folder import FolderOfSamples
from .manifest import Manifest
from .orders import Order, Sink, Unfinished, collect, draw_seeds, missing
from .progress import watched
from .shards import Shards, drawn_before

__all__ = [
    "Archive",
    "FolderOfSamples",
    "Manifest",
    "Order",
    "Shards",
    "Sink",
    "Unfinished",
    "collect",
    "draw_seeds",
    "drawn_before",
    "missing",
    "watched",
]
