"""How much one checkpoint may cost: far above any published one, far below what would hurt a machine."""

from __future__ import annotations

from doesnotexist.errors import ConversionRefused, WeightsInvalid, quoted

SOURCE = "checkpoint"
"""What the reader calls its input; the parent process puts the file's name in its place."""

MAX_FILE_BYTES = 4 << 30
MAX_OPCODES = 500_000  # two generators of 1024 px take 50,000
MAX_COPIED_BYTES = 64 << 20  # what decoding may copy out of the file: names and old-style texts, no tensors
MAX_NESTING = 2  # a torch stream inside a pickle, and no stream inside that
MAX_ARCHIVE_ENTRIES = 20_000
MAX_DIMENSIONS = 8
MAX_ELEMENTS = 1 << 27  # of all tensors of one network: four times StyleGAN2 at 1024 px
MAX_TENSORS = 20_000
MAX_TENSOR_NAME = 256
MAX_NAME_BYTES = 4096  # a longer text is source code or data: kept undecoded
MAX_LINE_BYTES = 1 << 26
MAX_INTEGER_BYTES = 64


def broken(reason: str) -> WeightsInvalid:
    """The error of a file that is damaged, lying or of an unknown kind."""
    return WeightsInvalid(SOURCE, reason)


def refused(offender: str) -> ConversionRefused:
    """The error of a file that asks for something to be imported, called or set."""
    return ConversionRefused(SOURCE, offender)


def named(value: object) -> str:
    """A value for a message. Only plain ones are shown: the text of a nested one could be endless."""
    return quoted(value) if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"


class Budget:
    """What one conversion has left to spend; nested streams spend from the same purse."""

    def __init__(self, opcodes: int = MAX_OPCODES, copied_bytes: int = MAX_COPIED_BYTES) -> None:
        self.opcodes, self.copied_bytes = opcodes, copied_bytes

    def step(self, count: int = 1) -> None:
        """Pay for `count` steps of the machine."""
        self.opcodes -= count
        if self.opcodes < 0:
            raise broken("it takes more steps to read than any known checkpoint")

    def copy(self, size: int) -> None:
        """Pay for `size` bytes that are copied out of the file."""
        self.copied_bytes -= size
        if self.copied_bytes < 0:
            raise broken("it holds more text than any known checkpoint")
