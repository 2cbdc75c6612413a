"""Decks from a performance to its film: what hands did with the crossfader is there to the bit."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.play.film.export import render
from engine.play.film.job import Job
from engine.play.film.playback import open_playback
from engine.sources.osc.sender import open as open_sender
from tests.performing import play, replay, same_rows
from tests.places import SHOWS

SHOW = SHOWS / "decks.toml"


def hashes(folder: Path, source: Path, name: str, **job: object) -> list[str]:
    out, found = folder / f"{name}.mp4", folder / f"{name}.txt"
    playback = open_playback(str(source))
    render(playback, Job(out, hashes=found, preset="ultrafast", **job))  # type: ignore[arg-type]
    return [line.split()[1] for line in found.read_text().splitlines()]


def test_a_performance_with_takes_and_cuts_replays_to_the_bit(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with play(folder, SHOW) as playing:
        sender = open_sender("127.0.0.1", playing.ready()["ports"]["osc"])
        playing.records('/ready", ', 2)  # a take waits for the hidden generator
        steps = [("/layer/left/opacity", 1.0 - 0.1 * n) for n in range(6)]  # as ticks go by
        counts: Counter[str] = Counter()
        for address, value in [
            ("/crossfader/transition", "latent"),
            ("/deck/take", 1.0),
            *steps,
            ("/crossfader/transition", "iris"),
            ("/crossfader", 0.5),
            ("/cue/pale/go", 1.0),
            ("/master/hold", 1.0),
            ("/deck/cut", 1.0),
            ("/master/hold", 0.0),
        ]:
            counts[address] += 1
            sender.send(address, value)
            playing.records(f'"{address}", ', counts[address])
        sender.close()
        assert playing.end() == 0
        stats = playing.stats()
        assert set(stats["generators"]) == {"left", "right"}  # the hidden one is kept ready
        again = replay(folder)
        same_rows(playing.plan(), again, stats["ticks"])
    faded = again["/crossfader"]
    assert len(np.unique(faded)) > 4  # it went in steps of its own
    assert faded[-1] in (0.0, 1.0)
    whole = hashes(tmp_path, folder / "take", "whole")
    assert whole == hashes(tmp_path, folder / "take", "again")


def test_a_film_of_a_held_picture_stands_still(tmp_path: Path) -> None:
    """Through a cue at its beginning: the film has one picture, and moves without it."""
    text = SHOW.read_text("utf-8")
    held = text.replace("schema = 1", 'schema = 1\nstart = "held"') + (
        '\n[[cues]]\nid = "held"\nset = { "/master/hold" = true }\n'
    )
    (tmp_path / "tint.fs").write_text((SHOWS / "tint.fs").read_text("utf-8"), "utf-8")
    found = {}
    for name, written in (("moves", text), ("held", held)):
        show = tmp_path / f"{name}.toml"
        show.write_text(written, "utf-8")
        found[name] = hashes(tmp_path, show, name, to_s=Fraction(1, 5))
    assert len(set(found["held"])) == 1
    assert len(set(found["moves"])) == 6
