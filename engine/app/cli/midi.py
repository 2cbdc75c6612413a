"""The commands about MIDI."""

from __future__ import annotations

import sys
from fractions import Fraction

import click

from engine.app.cli.arguments import DURATION
from engine.app.cli.errors import finish


@click.group()
def midi() -> None:
    """MIDI devices."""


@midi.command()
@click.option("--device", help="Name of an input, or a part of it; without it all are heard.")
@click.option("--seconds", type=DURATION, help="Stop after that time.")
@click.option("--json", "as_json", is_flag=True, help="One document at the end.")
def monitor(device: str | None, seconds: Fraction | None, as_json: bool) -> None:
    """Print what arrives, in words, with the control's name that a mapping takes."""
    from engine.app.midi_monitor import run

    limit_s = None if seconds is None else float(seconds)
    sys.exit(finish(lambda: run(device, limit_s, as_json), on_interrupt=0))
