"""Silent source, which sends nothing: the smallest complete source, to copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from engine.sources.contract import Item

ADDRESSES: tuple[str, ...] = ()
"""It may write nothing; a fader box would say ``("/layer/", "/master/brightness")``."""


@dataclass(frozen=True, slots=True)
class Config:
    """Nothing to choose."""


def open(config: Config, now_ns: Callable[[], int]) -> Silence:  # noqa: ARG001 - the contract
    """Open it; `now_ns` would stamp what arrives."""
    return Silence()


class Silence:
    """An open source that has nothing to say."""

    def poll(self, max_items: int) -> list[Item]:  # noqa: ARG002 - the contract
        """Take what has arrived: at most `max_items` of (arrival in ns, address, value)."""
        return []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        """Close what was opened."""
