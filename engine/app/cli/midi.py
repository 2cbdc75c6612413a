"""The commands about MIDI."""

from __future__ import annotations

from fractions import Fraction

import click

from engine.app.cli.arguments import DURATION
from engine.app.cli.errors import finishes


@click.group()
def midi() -> None:
    """MIDI devices."""


@midi.command()
@click.option("--device", help="Name of an input, or a part of it; without it all are heard.")
@click.option("--seconds", type=DURATION, help="Stop after that time.")
@click.option("--json", "as_json", is_flag=True, help="One document at the end.")
@finishes(on_interrupt=0)
def monitor(device: str | None, seconds: Fraction | None, as_json: bool) -> int:
    """Print what arrives, in words, with the control's name that a mapping takes."""
    from engine.app.midi_monitor import run

    return run(device, None if seconds is None else float(seconds), as_json)
