"""An edit of a proxy film: what is seen when, whichever program wrote it down. Pure.

Times are exact fractions of a second. Readers make a stack of tracks (`edit_otio`, `edit_edl`,
`edit_mlt`); `shots` looks at it frame by frame, from above as an editor shows it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePath
from urllib.parse import unquote

from engine.core.track.conform import Shot

MOST_FRAMES = 1_000_000
MOST_LOOKS = 64  # items that are looked at for one frame, before an edit is refused


class EditError(ValueError):
    """An edit that cannot be followed; the message names file, place and cure."""


@dataclass(frozen=True, slots=True)
class Film:
    """The proxy that an edit is made of: the names it may have there, its exact rate and length."""

    names: tuple[str, ...]
    fps: Fraction
    frames: int

    def check(self, seen: Iterable[str], place: str) -> None:
        """Refuse other media; a clip without any name is taken for the proxy.

        Parameters
        ----------
        seen
            Names, paths or URLs by which the edit calls a clip's media.
        place
            For the message.
        """
        given = [PurePath(unquote(name).replace("\\", "/")) for name in seen if name]
        known = {PurePath(name).stem.casefold() for name in self.names}
        if given and known.isdisjoint(path.stem.casefold() for path in given):
            raise EditError(
                f"{place}: shows {given[0].name!r:.80}, which is not the proxy {self.names[0]}; "
                "take it out of the edit, or say --media NAME if the proxy was renamed"
            )


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
    """

    start_s: Fraction
    end_s: Fraction
    into_s: Fraction
    speed: Fraction
    place: str
    inside: Stack | None = None


@dataclass(frozen=True, slots=True)
class Fade:
    """A dissolve between two tracks of a stack, from the item that is there first."""

    low: int
    high: int
    start_s: Fraction
    end_s: Fraction


@dataclass(frozen=True, slots=True)
class Stack:
    """Tracks, the lowest first; items of a track in order, overlapping where they dissolve."""

    tracks: tuple[tuple[Item, ...], ...]
    fades: tuple[Fade, ...] = ()
    starts: list[list[Fraction]] = field(default_factory=list, compare=False)

    def at(self, track: int, seconds: Fraction) -> Sequence[Item]:
        """Items of a track at a time: none, one, or two that dissolve."""
        if not self.starts:
            self.starts.extend([item.start_s for item in items] for items in self.tracks)
        items = self.tracks[track]
        end = bisect_right(self.starts[track], seconds)
        return [item for item in items[max(end - 2, 0) : end] if seconds < item.end_s]

    @property
    def end_s(self) -> Fraction:
        """End of the last item."""
        ends = [item.end_s for items in self.tracks for item in items]
        return max(ends, default=Fraction(0))


def ordered(items: Sequence[Item], name: str) -> tuple[Item, ...]:
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


def shots(stack: Stack, fps: Fraction, film: Film, name: str) -> list[Shot]:
    """Look at every frame of an edit, up to the last one that shows something.

    Raises
    ------
    EditError
        If it is too long or nested without end, or shows frames that the proxy does not have.
    """
    count = -(-stack.end_s * fps // 1)
    if count > MOST_FRAMES:
        raise EditError(f"{name}: {count} frames long; an edit has {MOST_FRAMES} at most")
    found = []
    for number in range(int(count)):
        budget = iter(range(MOST_LOOKS))
        shot = _look(stack, number / fps, 1 / fps, budget, name)
        found.append(_framed(shot, film, film.fps / fps))
    while found and found[-1].first is None:
        found.pop()
    if not found:
        raise EditError(f"{name}: shows nothing of the proxy {film.names[0]}")
    return found


def _framed(shot: Shot, film: Film, ratio: Fraction) -> Shot:
    """Count in frames what is in seconds."""
    places = [None if s is None else s * film.fps for s in (shot.first, shot.second)]
    for at in places:
        if at is not None and not -1 < at < film.frames:
            raise EditError(
                f"{shot.place}: shows frame {float(at):g} of the proxy, which has the frames 0 to "
                f"{film.frames - 1}; trim the clip, or conform with the sidecar of that proxy"
            )
    return shot._replace(first=places[0], second=places[1], speed=shot.speed * ratio)


def _look(
    stack: Stack, seconds: Fraction, frame_s: Fraction, budget: Iterator[int], name: str
) -> Shot:
    """What a stack shows at a time, in seconds of the proxy: the uppermost track that has it."""
    look: Callable[[Item], Shot] = lambda item: _inside(item, seconds, frame_s, budget, name)  # noqa: E731
    fades = {f.high: f for f in stack.fades if f.start_s <= seconds < f.end_s}
    for track in reversed(range(len(stack.tracks))):
        items = stack.at(track, seconds)
        fade, shot = fades.get(track), Shot(None)
        if fade is not None and len(items) == 1:
            items = sorted([*stack.at(fade.low, seconds), *items], key=lambda item: item.start_s)
        if len(items) == 2:
            start_s, end_s = items[1].start_s, min(item.end_s for item in items)
            if fade is not None:
                start_s, end_s = fade.start_s, fade.end_s
            shot = _mix(look(items[0]), look(items[1]), start_s, end_s, seconds, frame_s)
        elif items:
            shot = look(items[-1])
        if shot.first is not None:
            return shot
    return Shot(None)


def _inside(
    item: Item, seconds: Fraction, frame_s: Fraction, budget: Iterator[int], name: str
) -> Shot:
    if next(budget, None) is None:
        raise EditError(f"{name}: {item.place}: too many clips over each other; nest fewer")
    into_s = item.into_s + (seconds - item.start_s) * item.speed
    if item.inside is None:
        return Shot(into_s, place=item.place, speed=item.speed)
    shot = _look(item.inside, into_s, frame_s, budget, name)
    return shot._replace(place=f"{item.place} › {shot.place}", speed=shot.speed * item.speed)


def _mix(
    a: Shot, b: Shot, start_s: Fraction, end_s: Fraction, seconds: Fraction, frame_s: Fraction
) -> Shot:
    """Dissolve: the share of frame k of n is (k + 1/2) / n. A fade from or to nothing is a cut."""
    if a.first is None or b.first is None:
        return b if a.first is None else a
    share = (seconds - start_s + frame_s / 2) / max(end_s - start_s, frame_s)
    return Shot(a.first, b.first, min(max(share, Fraction(0)), Fraction(1)), b.place, b.speed)
