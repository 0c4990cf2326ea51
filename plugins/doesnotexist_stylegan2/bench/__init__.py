"""`doesnotexist bench`: what a network costs on this machine."""

from __future__ import annotations

from .command import bench_command

__all__ = ["bench_command"]
