"""What the commands of one command line share."""

from __future__ import annotations

from functools import cached_property

from .zoo import Zoo


class Session:
    """One zoo, made on first use and closed at the end."""

    @cached_property
    def zoo(self) -> Zoo:
        return Zoo()

    def close(self) -> None:
        if "zoo" in self.__dict__:
            self.zoo.close()
