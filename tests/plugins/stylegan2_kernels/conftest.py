"""The compiled engine for the tests: from the user's store, compiled now if it is not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from doesnotexist_stylegan2.kernels import build
from doesnotexist_stylegan2.kernels.library import Library


@pytest.fixture(scope="session")
def library() -> Library:
    found = build.engine()
    if isinstance(found, build.Unavailable):
        pytest.skip(f"no engine on this machine: {found.reason}")
    return found


@pytest.fixture
def fresh_engine() -> Iterator[None]:
    """`build.engine()` looks anew, in this test and after it."""
    build.engine.cache_clear()
    yield
    build.engine.cache_clear()


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
