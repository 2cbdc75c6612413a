"""What the command line's words mean: sizes, rates and times, refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import click


class Converted(click.ParamType[Any]):
    """A parameter read by a function that raises ValueError with one sentence."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Read what was typed; a default that is none of text is taken as it is."""
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def read_size(text: str) -> tuple[int, int]:
    """Read ``WxH`` in pixels.

    Raises
    ------
    ValueError
        If it is no size, or a side is not 16 to 16384 pixels.
    """
    width, cross, height = text.lower().replace("×", "x").partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise ValueError(f"'{text[:40]}' is not a size: write WIDTHxHEIGHT, like 1920x1080")
    size = int(width), int(height)
    if not all(16 <= side <= 16384 for side in size):
        raise ValueError(f"{text[:40]}: each side has 16 to 16384 pixels")
    return size


def read_rate(text: str) -> Fraction:
    """Read a frame rate; see `engine.core.clock.parse_rate`."""
    from engine.core.clock import parse_rate

    return parse_rate(text)


def read_seconds(text: str) -> Fraction:
    """Read a time: seconds, ``M:SS`` or ``H:MM:SS``, fractions allowed.

    Raises
    ------
    ValueError
        If it is none, or negative.
    """
    try:
        total = Fraction(0)
        for part in text.strip().split(":"):
            total = total * 60 + Fraction(part)
    except (ValueError, ZeroDivisionError):
        total = Fraction(-1)
    if not 0 <= total <= 360_000 or text.count(":") > 2:
        raise ValueError(
            f"'{text[:40]}' is not a time: write seconds or H:MM:SS, at most 100 hours"
        )
    return total


def read_duration(text: str) -> Fraction:
    """Read a time above 0; see `read_seconds`."""
    seconds = read_seconds(text)
    if not seconds:
        raise ValueError("it has to be longer than 0 s")
    return seconds


def read_output(text: str) -> str:
    """Check that an output is one; see `engine.play.live.outputs.parse`."""
    from engine.play.live.outputs import parse

    parse(text)
    return text


SIZE = Converted("WxH", read_size)
RATE = Converted("rate", read_rate)
SECONDS = Converted("seconds", read_seconds)
DURATION = Converted("seconds", read_duration)
OUTPUT = Converted("output", read_output)
