"""Keeping the heap is asked for once, and never fails."""

from __future__ import annotations

import platform
import sys

import pytest

from doesnotexist_stylegan2.heap import keep_heap


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_glibc_keeps_the_heap():
    assert keep_heap()


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    keep_heap.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not keep_heap()

    keep_heap.cache_clear()
