"""Spans of an edit as an editor shows them: the uppermost track that has something. Pure.

A stack is cut where items begin and end; between two cuts everything is linear in time, so that an
hour costs no more than its clips do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from engine.core.track.conform import Shot
from engine.documents.edit.timeline import MOST_FRAMES, EditError, Fade, Film, Item, Stack

MOST_LOOKS = 2_000_000  # at items, before an edit is refused
_ZERO = Fraction(0)


class Side(NamedTuple):
    """A stretch of the proxy: at the time t of the edit its second ``offset + t · speed``."""

    offset: Fraction
    speed: Fraction
    place: str


class Span(NamedTuple):
    """What is seen from `start_s` until before `end_s`: nothing, one stretch, or two that dissolve.

    The dissolve goes from `fade_s` to `fade_end_s`. Black is nothing that hides what is below it.
    """

    start_s: Fraction
    end_s: Fraction
    first: Side | None = None
    second: Side | None = None
    fade_s: Fraction = _ZERO
    fade_end_s: Fraction = _ZERO
    is_black: bool = False


def spans(stack: Stack, start_s: Fraction, name: str) -> list[Span]:
    """Cut a stack into spans, from `start_s` to its end.

    Raises
    ------
    EditError
        If too much lies over each other.
    """
    whole, found = Span(start_s, stack.end_s), list[Span]()
    if whole.start_s >= whole.end_s:
        return found
    for span in _Look(name).within(stack, whole):
        last = found[-1] if found else None
        if last is not None and last[2:] == span[2:]:
            found[-1] = last._replace(end_s=span.end_s)
        else:
            found.append(span)
    return found


class _Look:
    """Looks at tracks from above, within bounds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = MOST_LOOKS

    def within(self, stack: Stack, stretch: Span) -> Iterator[Span]:
        """Spans of a stack in a stretch of its time."""
        start_s, end_s = stretch[:2]
        low, high = bisect_right(stack.edges, start_s), bisect_left(stack.edges, end_s)
        for a, b in pairwise([start_s, *stack.edges[low:high], end_s]):
            fades = {fade.high: fade for fade in stack.fades if fade.start_s <= a < fade.end_s}
            yield from self._seen(stack, fades, len(stack.tracks) - 1, Span(a, b))

    def _seen(
        self, stack: Stack, fades: dict[int, Fade], track: int, stretch: Span
    ) -> Iterator[Span]:
        """What is seen from `track` down while nothing begins or ends."""
        while track >= 0 and not stack.at(track, stretch.start_s):
            track -= 1
        self._left -= 1
        if self._left < 0:
            raise EditError(f"{self._name}: too many clips over each other; nest fewer")
        if track < 0:
            yield stretch
            return
        for span in self._of_track(stack, fades.get(track), track, stretch):
            if span.first is None and not span.is_black:
                yield from self._seen(stack, fades, track - 1, span)
            else:
                yield span

    def _of_track(
        self, stack: Stack, fade: Fade | None, track: int, stretch: Span
    ) -> Iterator[Span]:
        """Spans of one track, or of two that dissolve."""
        items = stack.at(track, stretch.start_s)
        if fade is not None and len(items) == 1:
            below = stack.at(fade.low, stretch.start_s)
            items = sorted([*below, *items], key=lambda item: item.start_s)
        if len(items) < 2:
            yield from self._of_item(items[-1], stretch)
            return
        start_s, end_s = items[1].start_s, min(item.end_s for item in items)
        if fade is not None:
            start_s, end_s = fade.start_s, fade.end_s
        sides = [list(self._of_item(item, stretch)) for item in items[:2]]
        edges = sorted({each for side in sides for span in side for each in span[:2]})
        for left, right in pairwise(edges):
            one, two = (next(s for s in side if s.start_s <= left < s.end_s) for side in sides)
            # A fade from or to nothing is a cut.
            if one.first is None or two.first is None:
                yield (two if one.first is None else one)._replace(start_s=left, end_s=right)
            else:
                yield Span(left, right, one.first, two.first, start_s, end_s)

    def _of_item(self, item: Item, stretch: Span) -> Iterator[Span]:
        """Spans of one item; what is nested in it is put at the times of the item."""
        a, b = stretch[:2]
        offset, speed, place = item.into_s - item.start_s * item.speed, item.speed, item.place
        if item.inside is None:
            side = None if item.is_black else Side(offset, speed, place)
            yield Span(a, b, side, is_black=item.is_black)
            return
        low, high = sorted((offset + a * speed, offset + b * speed))
        found = list(self.within(item.inside, Span(low, high if speed else low + 1)))
        for span in found[:1] if not speed else found[:: 1 if speed > 0 else -1]:
            one, two = (
                s
                and Side(s.offset + offset * s.speed, s.speed * speed, f"{item.place} › {s.place}")
                for s in (span.first, span.second)
            )
            times = [a, b, a, b]
            if speed:
                shown = [(t - offset) / speed for t in (*span[:2], *span[4:6])]
                times = [*sorted(shown[:2]), *sorted(shown[2:])]
            yield Span(times[0], times[1], one, two, times[2], times[3], span.is_black)


def shots(
    found: Sequence[Span], start_s: Fraction, fps: Fraction, film: Film, name: str
) -> list[Shot]:
    """Look at every frame of an edit from `start_s`, up to the last one that shows something.

    Raises
    ------
    EditError
        If it is too long, or shows frames that the proxy does not have, or nothing of it.
    """
    seen = [span for span in found if span.first is not None]
    count = max(((span.end_s - start_s) * fps for span in seen), default=_ZERO).__ceil__()
    if count > MOST_FRAMES:
        raise EditError(f"{name}: {count} frames long; an edit has {MOST_FRAMES} at most")
    frames = [Shot(None)] * count
    for span in seen:
        first, last = (max(((s - start_s) * fps).__ceil__(), 0) for s in span[:2])
        for number in range(first, last):
            frames[number] = _shot(span, number, start_s + number / fps, fps, film)
    while frames and frames[-1].first is None:
        frames.pop()
    if not frames:
        raise EditError(f"{name}: shows nothing of the proxy {film.names[0]}")
    return frames


def _shot(span: Span, number: int, at_s: Fraction, fps: Fraction, film: Film) -> Shot:
    """Frame of an edit; the share of frame k of n that dissolve is (k + ½) / n."""
    side = span.second or span.first or Side(_ZERO, _ZERO, "")
    places = [s and (s.offset + at_s * s.speed) * film.fps for s in (span.first, span.second)]
    for at in places:
        if at is not None and not -1 < at < film.frames:
            raise EditError(
                f"{side.place}: frame {number} shows frame {float(at):g} of the proxy, which has "
                f"the frames 0 to {film.frames - 1}; trim the clip, or conform with the sidecar of "
                "that proxy"
            )
    speed = side.speed * film.fps / fps
    if span.second is None:
        return Shot(places[0], place=side.place, speed=speed)
    length_s = max(span.fade_end_s - span.fade_s, 1 / fps)
    share = min(max((at_s - span.fade_s + 1 / (2 * fps)) / length_s, _ZERO), Fraction(1))
    return Shot(places[0], places[1], share, side.place, speed)


def to_rows(found: Sequence[Span]) -> list[list[Any]]:
    """Spans as plain lists for JSON."""
    return [[*map(_written, span[:2]), *map(_written_side, span[2:4]), *map(_written, span[4:6])]
            for span in found if span.first is not None]  # fmt: skip


def _written(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _written_side(side: Side | None) -> list[str] | None:
    return None if side is None else [*map(_written, side[:2]), side.place]


def from_rows(rows: Sequence[Sequence[Any]]) -> list[Span]:
    """Spans of what `to_rows` wrote."""
    return [
        Span(Fraction(a), Fraction(b), _side(first), _side(second), Fraction(c), Fraction(d))
        for a, b, first, second, c, d in rows
    ]


def _side(row: Sequence[str] | None) -> Side | None:
    return None if row is None else Side(Fraction(row[0]), Fraction(row[1]), row[2])
