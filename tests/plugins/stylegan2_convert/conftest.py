"""A watch on what Python does while a checkpoint is read, and a folder in which a canary would show."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from pathlib import Path
from threading import get_ident

import pytest

from doesnotexist import confinement
from doesnotexist.errors import DoesNotExistError
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes
from doesnotexist_stylegan2.convert.network import Converted

_seen: list[str] | None = None
_reader = 0  # the thread that reads: others have their own affairs, a Ray that was started before for one


def _note(event: str, _: object) -> None:
    if _seen is not None and event not in confinement.HARMLESS and get_ident() == _reader:
        _seen.append(event)


sys.addaudithook(_note)  # a hook stays for the life of the process, so there is one, and it can be deaf
for _codec in confinement.CODECS:
    codecs.lookup(_codec)


class CalledOut(Exception):
    """Reading a checkpoint made Python do something."""


def read_watched(data: bytes) -> Converted | DoesNotExistError:
    """What a checkpoint converts to or is refused with; raises `CalledOut` if Python did anything."""
    global _seen, _reader
    _seen, _reader = [], get_ident()
    try:
        return convert_bytes(memoryview(data))
    except DoesNotExistError as error:
        return error
    finally:
        seen, _seen = _seen, None
        if seen:
            raise CalledOut(seen)


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Converted | DoesNotExistError]:
    """`read_watched` in an empty folder that has to stay empty."""
    monkeypatch.chdir(tmp_path)

    def checked(data: bytes) -> Converted | DoesNotExistError:
        found = read_watched(data)
        assert list(tmp_path.iterdir()) == []
        return found

    return checked
