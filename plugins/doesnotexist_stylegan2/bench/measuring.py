"""The child process of `doesnotexist bench`: load a weight file, make pictures, print the figures as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from doesnotexist.errors import DoesNotExistError

from ..generator import StyleGAN2, load_generator
from ..kernels.build import engine
from ..latents import z_of_seed


def measure(
    file: str, kernels: str, pictures: int, threads: int | None, device: str = "cpu"
) -> dict[str, Any]:
    """Figures of one weight file; a picture is seed to bytes: mapping, synthesis, rounding."""
    if threads is not None:
        torch.set_num_threads(threads)
    if kernels in ("auto", "fast") and device == "cpu":
        engine()  # compiled once per machine: no part of the load
    before = time.perf_counter()
    generator = load_generator(file, device=device, kernels=kernels)  # type: ignore[arg-type] # checked there
    load_s = time.perf_counter() - before
    first = _timed_picture(generator, 0)
    times = [_timed_picture(generator, seed) for seed in range(1, pictures + 1)]
    return {
        "resolution": generator.resolution,
        "device": str(generator.device),
        "kernels": generator.synthesis.name,
        "kernels_asked": kernels,
        "pictures_per_second": pictures / sum(times),
        "picture_ms": 1e3 * statistics.median(times),
        "fastest_ms": 1e3 * min(times),
        "first_ms": 1e3 * first,
        "load_s": load_s,
        "peak_bytes": peak_bytes(),
        **surroundings(),
    }


def surroundings() -> dict[str, Any]:
    """The machine, and how busy it was."""
    return {
        "threads": torch.get_num_threads(),
        "processor": _processor(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"),
        "torch": torch.__version__,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def peak_bytes() -> int | None:
    """The most memory this process has had at once; None where the system does not say."""
    try:
        # not getrusage: what it says of a child includes the parent's memory
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return None


def _timed_picture(generator: StyleGAN2, seed: int) -> float:
    conditions = np.eye(1, generator.c_dim) if generator.c_dim else None
    before = time.perf_counter()
    w = generator.map(z_of_seed(seed, generator.z_dim), conditions, psi=0.7)
    generator.to_uint8(generator.synthesize(w)).cpu()  # a card answers before it is done
    return time.perf_counter() - before


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _main(request: Mapping[str, Any]) -> int:
    try:
        print(json.dumps(measure(**request)))
    except DoesNotExistError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main(json.loads(sys.argv[1])))
