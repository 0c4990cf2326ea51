"""How many times faster than the textbook? Every contestant in a process of its own, taking turns.

    python benchmarks/against_textbook.py --resolution 1024 --rounds 7

The textbook is the one that the tests hold equal: per-sample weights, one grouped convolution, FIR as a
depthwise convolution. It runs with the C library's stock allocator; `textbook-kept-heap` is the same with the
heap kept, so that what the allocator gives and what the arithmetic gives can be told apart. Ratios are
medians of rounds in which the contestants run one after the other, so that other work on the machine disturbs
all of them alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[1]
CONTESTANTS = ("textbook", "textbook-kept-heap", "plain", "fast")


def main() -> None:
    """Run the rounds and print a table, or JSON."""
    options = _options()
    if options.child:
        _serve(options)
        return
    contestants = {name: Contestant(name, options) for name in options.contestants}
    rounds = [{name: one.turn() for name, one in contestants.items()} for _ in range(options.rounds)]
    figures = {name: _summary(name, rounds, one) for name, one in contestants.items()}
    print(json.dumps(figures, indent=2) if options.json else _table(options, figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as PyTorch chooses")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=CONTESTANTS, help=argparse.SUPPRESS)
    return parser.parse_args()


class Contestant:
    """A child process that makes one batch when told to."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        given = {"resolution": options.resolution, "batch": options.batch, "threads": options.threads}
        arguments = [f"--{key}={value}" for key, value in given.items()]
        command = [sys.executable, __file__, "--child", name, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self.about = self._answer()

    def turn(self) -> dict[str, float]:
        """Seconds of one batch: `wall`, and `cpu` of all threads together."""
        if self._process.stdin is None:
            raise RuntimeError("the child has no standard input")
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer: dict[str, float] = self._answer()
        return answer

    def _answer(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise RuntimeError("the child has no standard output")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a contestant has left; its words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _serve(options: argparse.Namespace) -> None:
    """The child: load, make one batch to warm up, then one for each line that comes in."""
    import torch

    from doesnotexist_stylegan2.bench.measuring import peak_bytes, surroundings

    if options.threads:
        torch.set_num_threads(options.threads)
    network = _network(options.resolution)
    net = network.architecture
    ws = torch.randn(options.batch, 1, net.w_dim).expand(-1, net.num_ws, -1).contiguous()
    with torch.inference_mode():
        before = time.perf_counter()
        synthesis = _contestant(options.child, network)
        prepare_s = time.perf_counter() - before
        synthesis(ws)
        about = {"prepare_s": prepare_s, "peak_bytes": peak_bytes(), **surroundings()}
        print(json.dumps(about), flush=True)
        for _ in sys.stdin:
            wall, cpu = time.perf_counter(), time.process_time()
            synthesis(ws)
            turn = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            print(json.dumps(turn), flush=True)


def _network(resolution: int) -> Any:
    """Config-f of random weights, the same in every child."""
    import torch

    from doesnotexist_stylegan2.architecture import Architecture
    from doesnotexist_stylegan2.network import Network

    torch.manual_seed(0)
    network = Network(Architecture(resolution=resolution)).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("noise_strength"):
            parameter.fill_(0.1)
    return network


def _contestant(name: str, network: Any) -> Callable[[Any], Any]:
    from doesnotexist_stylegan2.heap import keep_heap
    from doesnotexist_stylegan2.kernels import choose

    if name in ("plain", "fast"):
        return choose(network, name)
    if name == "textbook-kept-heap":
        keep_heap()
    sys.path.insert(0, str(TOP / "tests" / "plugins" / "stylegan2_kernels"))
    from textbook import Textbook

    return Textbook(network)  # type: ignore[no-any-return]


def _summary(name: str, rounds: list[dict[str, dict[str, float]]], one: Contestant) -> dict[str, Any]:
    """Medians, and the median of the rounds' ratios to the first contestant."""
    first = next(iter(rounds[0]))
    figures: dict[str, Any] = {}
    for clock in ("wall", "cpu"):
        figures[f"{clock}_s"] = statistics.median(r[name][clock] for r in rounds)
        figures[f"{clock}_times"] = statistics.median(r[first][clock] / r[name][clock] for r in rounds)
    return {**figures, **one.about}


def _table(options: argparse.Namespace, figures: dict[str, dict[str, Any]]) -> str:
    about = next(iter(figures.values()))
    lines = [
        f"{options.resolution}x{options.resolution}, batch {options.batch}, {options.rounds} rounds, "
        f"{about['processor']}, {about['threads']} threads, load {about['load_average']:.1f}",
        f"torch {about['torch']}, {about['date']}",
        f"{'':20}{'wall, s':>9}{'times':>8}{'CPU, s':>9}{'times':>8}{'peak, GB':>10}{'prepare, s':>12}",
    ]
    for name, row in figures.items():
        peak = "?" if row["peak_bytes"] is None else f"{row['peak_bytes'] / 1e9:.2f}"
        lines.append(
            f"{name:20}{row['wall_s']:9.3f}{row['wall_times']:8.2f}{row['cpu_s']:9.3f}{row['cpu_times']:8.2f}"
            f"{peak:>10}{row['prepare_s']:12.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
