"""An edit of a proxy film, whichever program wrote it down: tracks of items, exact in seconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePath
from urllib.parse import unquote

MOST_FRAMES = 1_000_000
MOST_TRACKS = 256
MOST_ITEMS = 20_000


class EditError(ValueError):
    """An edit that cannot be followed; the message names file, place and cure."""


@dataclass(frozen=True, slots=True)
class Film:
    """The proxy that an edit is made of: the names it may have there, its exact rate and length."""

    names: tuple[str, ...]
    fps: Fraction
    frames: int

    def is_one_of(self, seen: Iterable[str]) -> bool:
        """Whether one of the names, paths or URLs of a clip's media is the proxy's."""
        known = {each for name in self.names for each in _plain(name)}
        return any(each in known for name in seen for each in _plain(name))


def file_name(text: str) -> str:
    """Last part of a path or URL."""
    return PurePath(unquote(text).replace("\\", "/")).name


def _plain(text: str) -> tuple[str, str]:
    """Spellings that mean one file: its name with its suffix, and without."""
    name = file_name(text).casefold()
    return name, PurePath(name).stem


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of a track: from `start_s` until before `end_s`.

    Parameters
    ----------
    into_s
        Place in what it shows at its start: seconds of the proxy, or of the stack `inside`.
    speed
        Seconds of that per second of the edit.
    place
        For messages.
    inside
        A nested edit; None: the proxy.
    is_black
        Whether it shows nothing, and hides the tracks below it.
    """

    start_s: Fraction
    end_s: Fraction
    into_s: Fraction
    speed: Fraction
    place: str
    inside: Stack | None = None
    is_black: bool = False


@dataclass(frozen=True, slots=True)
class Fade:
    """A dissolve between two tracks of a stack, from the item that is there first."""

    low: int
    high: int
    start_s: Fraction
    end_s: Fraction


@dataclass(slots=True, eq=False)
class Stack:
    """Tracks, the lowest first; items of a track in order, overlapping where they dissolve."""

    tracks: tuple[tuple[Item, ...], ...]
    fades: tuple[Fade, ...] = ()
    edges: list[Fraction] = field(init=False)
    _starts: list[list[Fraction]] = field(init=False)

    def __post_init__(self) -> None:
        if len(self.tracks) > MOST_TRACKS:
            raise EditError(f"{len(self.tracks)} tracks; at most {MOST_TRACKS} are read")
        spans = [(i.start_s, i.end_s) for items in self.tracks for i in items]
        spans += [(fade.start_s, fade.end_s) for fade in self.fades]
        self.edges = sorted({each for span in spans for each in span})
        self._starts = [[item.start_s for item in items] for items in self.tracks]

    def at(self, track: int, seconds: Fraction) -> Sequence[Item]:
        """Items of a track at a time: none, one, or two that dissolve."""
        items = self.tracks[track]
        end = bisect_right(self._starts[track], seconds)
        return [item for item in items[max(end - 2, 0) : end] if seconds < item.end_s]

    @property
    def end_s(self) -> Fraction:
        """End of the last item that shows something."""
        ends = [i.end_s for items in self.tracks for i in items if not i.is_black]
        return max(ends, default=Fraction(0))


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that was read.

    Parameters
    ----------
    start_s
        What its own clock says at the time 0 of the stack.
    begin_s
        Time of the stack at which the film begins.
    is_drop
        Whether that clock drops frame numbers.
    """

    stack: Stack
    fps: Fraction
    start_s: Fraction = Fraction(0)
    begin_s: Fraction = Fraction(0)
    is_drop: bool = False


def ordered(items: Iterable[Item], name: str) -> tuple[Item, ...]:
    """Put a track's items in order.

    Raises
    ------
    EditError
        If more than two of them lie over each other.
    """
    found = sorted(items, key=lambda item: (item.start_s, item.end_s))
    for before, after in zip(found, found[2:], strict=False):
        if after.start_s < before.end_s:
            raise EditError(f"{name}: {after.place}: three clips lie over each other; use tracks")
    return tuple(found)


def layered(items: Iterable[Item]) -> list[tuple[Item, ...]]:
    """Lay items on as few tracks as hold them without overlaps, the earlier ones lower."""
    tracks: list[list[Item]] = []
    for item in sorted(items, key=lambda item: (item.start_s, item.end_s)):
        free = next((t for t in tracks if t[-1].end_s <= item.start_s), None)
        if free is None:
            tracks.append([item])
        else:
            free.append(item)
    return [tuple(track) for track in tracks]
