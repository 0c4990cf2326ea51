"""What the engine costs, and what batches are worth: the bare network against each backend, and in bulk.

    python benchmarks/engine_overhead.py --domain faces --count 200

The ways are measured in turn, several times, so that a busy moment of the machine meets them all;
medians are told. Each sample has one thread, as small pictures have in a worker.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine_pool import cpu_s

from doesnotexist import Recipe, Settings, Zoo
from doesnotexist.bulk import Archive, Order, collect
from doesnotexist.engine import Job, Loader, Maker
from doesnotexist.engine.loading import cores


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # before anybody imports torch
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--domain", default="faces")
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    with Zoo(Settings.read(workers="thread")) as here, Zoo(Settings.read(workers="process")) as there:
        recipes = [here.recipe(given.domain, seed) for seed in range(given.count)]
        loader = Loader(here.plugins, here.store, here.settings.device)
        alone, beside = Maker(loader), Maker(loader, threads=cores())
        most = here.generator(given.domain).max_batch

        def bare(maker: Maker, size: int) -> None:
            jobs = [Job(here.card(given.domain), recipe, "jpeg") for recipe in recipes]
            for first in range(0, len(jobs), size):
                list(maker.make(jobs[first : first + size]))

        def one_by_one(zoo: Zoo) -> None:
            for recipe in recipes:
                zoo.render(recipe)

        ways: dict[str, Callable[[], object]] = {
            "bare, one at a time": lambda: bare(alone, 1),
            f"bare, batches of {most}": lambda: bare(alone, most),
            f"the same, on {cores()} cores": lambda: bare(beside, most),
            "thread, one at a time": lambda: one_by_one(here),
            "thread, many": lambda: list(here.generate_many(recipes)),
            "thread, in bulk": lambda: bulk(here, given.domain, recipes),
            "process, one at a time": lambda: one_by_one(there),
            "process, many": lambda: list(there.generate_many(recipes)),
            "process, in bulk": lambda: bulk(there, given.domain, recipes),
        }
        measure(ways, recipes, given.rounds, there)


def bulk(zoo: Zoo, domain: str, recipes: list[Recipe]) -> None:
    """As `doesnotexist generate --out x.tar` does, the manifest included."""
    seeds = [recipe.seed for recipe in recipes]
    order = Order(domain, recipes[0].reference, {}, zoo.format(recipes[0]), None, seeds)
    with tempfile.TemporaryDirectory() as folder:
        list(collect(zoo, order, recipes, Archive(Path(folder) / "all.tar", order)))


def measure(ways: dict[str, Callable[[], object]], recipes: list[Recipe], rounds: int, there: Zoo) -> None:
    times: dict[str, list[float]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()  # models loaded, paces known
    for _ in range(rounds):
        for name, way in ways.items():
            started, before = time.perf_counter(), cpu_s(there)
            way()
            times[name].append((time.perf_counter() - started) / len(recipes))
            spent[name].append((cpu_s(there) - before) / len(recipes))
    bare = statistics.median(times["bare, one at a time"])
    for name in ways:
        each, cpu = statistics.median(times[name]), statistics.median(spent[name])
        print(
            f"{name:24} {each * 1e3:6.2f} ms a sample, {cpu * 1e3:5.2f} ms of a core, {1 / each:6.1f}/s, "
            f"{bare / each:4.2f} times bare"
        )


if __name__ == "__main__":
    main()
