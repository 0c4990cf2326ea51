"""The zoo in a new process: as it starts now, with the plugins that are installed now."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from ..errors import InstallRefused

# Whatever this process may have been told to load, or to take for fatal.
_OURS = ("DOESNOTEXIST_PLUGINS", "DOESNOTEXIST_STRICT")


def states(limit_s: float) -> list[dict[str, str]]:
    """What a new process says of all plugins. Raises InstallRefused if it cannot."""
    done = _run(("plugins", "--json"), limit_s)
    found: list[dict[str, str]] = json.loads(done.stdout) if done.returncode == 0 and done.stdout else []
    if not found:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise InstallRefused("plugins", f"the zoo does not start with it: {last[0][:300]}")
    return found


def findings(plugin: str, limit_s: float) -> list[dict[str, Any]]:
    """What the conformance kit finds of a plugin, a dictionary for each promise; raises InstallRefused."""
    done = _run(("check", plugin, "--json"), limit_s)
    if done.returncode not in (0, 3):
        raise InstallRefused(plugin, f"the check of its promises ended with exit code {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _run(arguments: tuple[str, ...], limit_s: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "doesnotexist", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    try:
        return subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False, env=environment, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        what = "the zoo has not started with it" if arguments[0] == "plugins" else "its check has not ended"
        raise InstallRefused(arguments[0], f"{what} in {limit_s:g} s") from None
