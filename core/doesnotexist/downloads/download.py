"""A download, as a story: a temporary file beside the target, resumed, checked, renamed.

Nothing ever lies under its final name without the size and sha256 of its card, whoever sent it and
whenever the machine died.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from ..cards import Hub, Mirror, WeightFile
from ..errors import DiskFull, DownloadFailed, SourceFailed, WeightsMismatch
from ..weights import NO_TRICKS, Store, measure
from .hub import locate
from .transport import Address, Answer, Network, open_address

Progress = Callable[[int], None]
"""Called with the number of bytes of the file that are here, again and again; it may fall."""

PIECE = 1 << 16
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def fetch(file: WeightFile, store: Store, network: Network, progress: Progress | None = None) -> Path:
    """Bring a file into the store, from the first of its sources that gives the right bytes.

    A file that is there already is checked, and fetched anew if its bytes are wrong. Raises
    DownloadFailed, DiskFull; whatever happens, no wrong byte lies under the final name.
    """
    report = progress or (lambda _: None)
    deadline = time.monotonic() + network.deadline_s
    target = store.place(file.sha256)
    part = target.with_name(f"{target.name}.part")
    with alone(target, file, deadline):
        if is_right(target, file, store):
            report(file.size)
            return target
        fill(part, file, network, deadline, report)
        part.replace(target)
        _sync(target.parent)
        return target


def fill(part: Path, file: WeightFile, network: Network, deadline: float, report: Progress) -> None:
    """Make `part` the right bytes, from the first source that gives them; raises as `fetch` does."""
    _check_room(part, file)
    failures: list[SourceFailed | WeightsMismatch] = []
    for source in remote_sources(file):
        try:
            return _from_source(source, file, part, network, deadline, report)
        except (SourceFailed, WeightsMismatch) as error:
            failures.append(error)
    raise DownloadFailed(file.name, failures)


def remote_sources(file: WeightFile) -> tuple[Hub | Mirror, ...]:
    """The sources of a file that are not inside a package."""
    return tuple(source for source in file.sources if isinstance(source, Hub | Mirror))


def _from_source(
    source: Hub | Mirror, file: WeightFile, part: Path, network: Network, deadline: float, report: Progress
) -> None:
    """Fill `part` with the right bytes from one source, trying again where that may help."""
    failure: SourceFailed | WeightsMismatch = SourceFailed(str(source), "the deadline has passed")
    for attempt in range(network.attempts):
        if time.monotonic() >= deadline:
            break
        try:
            _stream(address_of(source, file, network), file, part, network, deadline, report)
            return _check(part, file)
        except SourceFailed as error:
            failure = error
            if not error.again:
                break
            pause = max(error.wait_s, network.backoff_s * 2**attempt)
        except WeightsMismatch as error:
            failure = error
            if attempt:  # an old beginning or a bad line may be at fault once
                break
            pause = network.backoff_s
        if attempt + 1 < network.attempts:
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
    raise failure


def _stream(
    address: Address, file: WeightFile, part: Path, network: Network, deadline: float, report: Progress
) -> None:
    """Add to `part` what is missing, as far as one connection brings it."""
    with _opened(part, file.size) as out:
        here = out.seek(0, os.SEEK_END)
        if here == file.size:
            return
        headers = {"User-Agent": _agent(), "Accept": "*/*", "Accept-Encoding": "identity"}
        if 0 < here < file.size:
            headers["Range"] = f"bytes={here}-"
        with open_address(address, headers, network, deadline) as answer:
            here = _begin(answer, here, file, out)
            pace = _Pace(answer.source, network)
            while here < file.size and (piece := answer.read(min(PIECE, file.size - here))):
                out.write(piece)
                here += len(piece)
                report(here)
                pace.check(len(piece))
    if here < file.size:
        reason = f"expected {file.size} bytes, the answer ended after {here}"
        raise SourceFailed(answer.source, reason, again=True)


def _begin(answer: Answer, here: int, file: WeightFile, out: BinaryIO) -> int:
    """Where in the file the first byte of this answer belongs; `out` is cut off and placed there.

    Raises SourceFailed for an answer that cannot be the file, or the rest of it.
    """
    rest = answer.status == 206 and answer.header("Content-Range") == (
        f"bytes {here}-{file.size - 1}/{file.size}"
    )
    start = here if rest else 0
    out.truncate(start)
    out.seek(start)
    if answer.status != 200 and not rest:  # from nothing, next time
        found = f"{answer.status} {answer.header('Content-Range')}".strip()
        raise SourceFailed(answer.source, f"expected the rest from byte {here}, found {found}", again=True)
    if answer.header("Content-Encoding") not in ("", "identity"):
        raise SourceFailed(answer.source, "expected the bytes as they are, found them encoded")
    length = answer.header("Content-Length")
    if length and length != str(file.size - start):
        raise SourceFailed(answer.source, f"expected {file.size - start} bytes, it announces {length[:20]}")
    return start


class _Pace:
    """Watches that a connection brings at least the minimum rate over every `patience_s`."""

    def __init__(self, source: str, network: Network) -> None:
        self._source, self._network = source, network
        self._since, self._bytes = time.monotonic(), 0

    def check(self, count: int) -> None:
        """Count bytes that have arrived; raises SourceFailed for a drip."""
        self._bytes += count
        elapsed = time.monotonic() - self._since
        if elapsed < self._network.patience_s:
            return
        rate, least = self._bytes / elapsed, self._network.minimum_rate
        if rate < least:
            raise SourceFailed(self._source, f"expected {least:.0f} bytes a second or more, found {rate:.0f}")
        self._since, self._bytes = time.monotonic(), 0


def _check(part: Path, file: WeightFile) -> None:
    """Raises WeightsMismatch, and removes the file, if its bytes are not those of the card."""
    size, sha256 = measure(part)
    if size == file.size and file.sha256 in (sha256, ""):  # "": seen for the first time, see `pins`
        return
    part.unlink()
    if size != file.size:
        raise WeightsMismatch(file.name, "size", file.size, size)
    raise WeightsMismatch(file.name, "sha256", file.sha256, sha256)


def is_right(target: Path, file: WeightFile, store: Store) -> bool:
    """Whether a file of the store is there with the right bytes; wrong ones are put aside."""
    if not os.path.lexists(target):
        return False
    if not target.is_symlink() and target.is_file() and measure(target) == (file.size, file.sha256):
        return True
    store.quarantine(target)
    return False


def _check_room(part: Path, file: WeightFile) -> None:
    here = part.stat().st_size if part.exists() else 0
    free = shutil.disk_usage(part.parent).free
    if free < file.size - here:
        raise DiskFull(str(part.parent), file.size - here, free)


@contextmanager
def _opened(part: Path, size: int) -> Iterator[BinaryIO]:
    """The temporary file, for its owner alone, flushed to the disk at the end; removed if that is full."""
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | NO_TRICKS, 0o600), "r+b") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        if error.errno not in _FULL:
            raise
        needed, free = size - part.stat().st_size, shutil.disk_usage(part.parent).free
        part.unlink()
        raise DiskFull(str(part.parent), needed, free) from None


@contextmanager
def alone(target: Path, file: WeightFile, deadline: float) -> Iterator[None]:
    """One process at a time for each file; the system frees the lock of a process that died."""
    lock = FileLock(target.with_name(f"{target.name}.lock"))
    try:
        lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
    except Timeout:
        failure = SourceFailed(str(lock.lock_file), "another process holds the lock", again=True)
        raise DownloadFailed(file.name, [failure]) from None
    try:
        yield
    finally:
        lock.release()


def _sync(folder: Path) -> None:
    """Make a rename last through a power cut, where the system offers that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def address_of(source: Hub | Mirror, file: WeightFile, network: Network) -> Address:
    """Where a source has the file at this moment; raises SourceFailed."""
    return locate(source, file, network) if isinstance(source, Hub) else Address(source.url)


def _agent() -> str:
    try:
        return f"doesnotexist/{version('doesnotexist')}"
    except PackageNotFoundError:
        return "doesnotexist"
