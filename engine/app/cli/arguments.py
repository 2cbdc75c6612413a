"""Types of arguments: sizes, rates, times and files, refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any

import click

from engine.app.cli.errors import Misused

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


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


def read_channel(text: str) -> int:
    """Read a channel of a sound, from 1; 0 is all of them.

    Raises
    ------
    ValueError
        If it is none.
    """
    named = {"all": 0, "left": 1, "right": 2}
    if text.lower() in named:
        return named[text.lower()]
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 64:
        raise ValueError(f"'{text[:40]}' is no channel: write all, left, right, or 1 to 64")
    return int(text)


class _Sheet(click.Path):
    """A file to write a contact sheet into."""

    def convert(self, value: Any, *_: Any) -> Path:
        """Refuse another suffix than ``.png``."""
        path = Path(value)
        if path.suffix.lower() != ".png":
            raise Misused(f"{path}: a sheet ends in .png")
        return path


FILE = click.Path(path_type=Path)
DEVICE = click.Choice(["auto", "cpu", "cuda", "mps"])
SHEET = _Sheet()
SIZE = Converted("WxH", read_size)
CHANNEL = Converted("channel", read_channel)
RATE = Converted("rate", read_rate)
SECONDS = Converted("seconds", read_seconds)
DURATION = Converted("seconds", read_duration)
OUTPUT = Converted("output", read_output)

_SOUND_OPTIONS = (
    click.option(
        "--audio-channel",
        type=CHANNEL,
        help="Which of its channels is heard: all, left, right, or a number.",
    ),
    click.option(
        "--audio-gain",
        type=click.FloatRange(-60, 60),
        metavar="DB",
        help="How much louder the sound is heard than it is.",
    ),
)
_MODELS = (
    click.option(
        "--models",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        multiple=True,
        metavar="DIR",
        help="Where the models of a take may lie, too; several times for several.",
    ),
)
_HEARD = ("audio", "audio_channel", "audio_gain", "demo")
_TAKE = (
    *_MODELS,
    click.option("--partial", is_flag=True, help="Also of a take that lost its end or sound."),
)
_FILM = (
    click.option("--size", type=SIZE, help="Instead of the show's."),
    click.option("--fps", type=RATE, help="Instead of the show's."),
    click.option("--from", "from_s", type=SECONDS, default="0", help="Start there."),
    click.option("--to", "to_s", type=SECONDS, help="Stop there."),
    click.option("--duration", type=DURATION, help="Stop after that time."),
    click.option(
        "--audio", type=FILE, help="Sound file that the show hears, and the film carries."
    ),
    *_SOUND_OPTIONS,
    click.option("--demo", is_flag=True, help="Use the built-in music."),
    click.option("--seed", type=click.IntRange(0, 2**31), help="Instead of the show's."),
    *_TAKE,
    click.option("--resume", is_flag=True, help="Go on where the same command was stopped."),
)


def _adding(options: Sequence[Decorator]) -> Decorator:
    """Add options to a command, in their order."""
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


sound_options, model_options = _adding(_SOUND_OPTIONS), _adding(_MODELS)
take_options, film_options = _adding(_TAKE), _adding(_FILM)


def opened(given: Mapping[str, Any]) -> Any:
    """Open the show or take that a command names; see `engine.play.film.playback`."""
    from engine.play.film.playback import open_playback

    choice = given["audio_channel"], given["audio_gain"]
    return open_playback(
        given["source"], given["audio"], given["seed"], given["demo"], choice, given["models"],
        given["partial"],
    )  # fmt: skip


def end_s(given: Mapping[str, Any]) -> Fraction | None:
    """Time at which a film ends, by ``--to`` or ``--duration``."""
    end: Fraction | None = given["to_s"]
    return end if given["duration"] is None else given["from_s"] + given["duration"]


def begun(given: Mapping[str, Any], playback: Any, job: Any) -> Any:
    """A job that can be resumed, and from where it was stopped, if that is asked for."""
    from engine.play.film import resume

    heard = {key.replace("_", "-"): given[key] for key in _HEARD}
    job = replace(job, identity=resume.identity(given["source"], playback, job, heard))
    if given["resume"]:
        job = resume.resumed(playback, job)
        progress(f"{job.out}: goes on at frame {job.first}")
    return job


def progress(text: str) -> None:
    """Say beside a command's result how far it is."""
    click.echo(text, err=True)
