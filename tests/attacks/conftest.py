"""A real site, served by a process of its own, for whatever comes over the wire."""

from __future__ import annotations

from ..web.conftest import settings
from ..web.server.test_commands import environment, served

__all__ = ["environment", "served", "settings"]
