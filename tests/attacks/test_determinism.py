"""The same seed, the same bytes: in other processes, batches, backends and numbers of threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import hashlib, sys
from doesnotexist import Settings, Zoo

if __name__ == "__main__":
    domain, format, workers, threads, together = sys.argv[1:]
    digest = hashlib.sha256()
    with Zoo(Settings.read({}, workers=workers, threads=int(threads))) as zoo:
        recipes = [zoo.recipe(domain, seed) for seed in range(100)]
        many = zoo.generate_many(recipes, format)
        singles = (zoo.render(recipe, format) for recipe in recipes)
        for one in many if together == "many" else singles:
            digest.update(one.data)
    print(digest.hexdigest())
"""
WAYS = [("thread", "1", "single"), ("thread", "2", "many"), ("process", "2", "many")]


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "format"), [("faces", "png"), ("art", "jpeg"), ("chemicals", "svg")])
def test_a_hundred_seeds_are_the_same_bytes_everywhere(domain, format, tmp_path) -> None:
    script = tmp_path / "hundred.py"  # a file, so that worker processes can find it
    script.write_text(CODE)
    digests = {
        subprocess.run(
            [sys.executable, script, domain, format, *way], capture_output=True, text=True, check=True
        ).stdout
        for way in WAYS
    }

    assert len(digests) == 1
