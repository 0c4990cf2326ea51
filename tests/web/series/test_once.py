"""What takes long is made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from doesnotexist_web.series.once import Once


def test_those_who_ask_at_a_time_share_one() -> None:
    once, made, go_on = Once(100), [], threading.Event()

    def make() -> bytes:
        go_on.wait(10)
        made.append(1)
        return b"x"

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(once.get, "key", make) for _ in range(8)]
        go_on.set()
        assert {each.result() for each in asked} == {b"x"}
    assert made == [1]


def test_the_last_used_are_kept_within_the_budget() -> None:
    once, made = Once(10), []

    def ask(key: str) -> bytes:
        return once.get(key, lambda: made.append(key) or b"12345")

    for key in "ab", "cd", "ab", "ef", "ab", "cd":
        ask(key)

    assert made == ["ab", "cd", "ef", "cd"]


def test_a_failure_is_told_and_forgotten() -> None:
    once = Once(10)
    with pytest.raises(ValueError, match="no"):
        once.get("key", lambda: (_ for _ in ()).throw(ValueError("no")))

    assert once.get("key", lambda: b"yes") == b"yes"


def test_more_than_the_budget_is_given_but_not_kept() -> None:
    once, made = Once(3), []
    for _ in range(2):
        assert once.get("key", lambda: made.append(1) or b"1234") == b"1234"

    assert made == [1, 1]
