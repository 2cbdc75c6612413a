"""What arrives and changes nothing is said once, with the nearest address, and listed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from pythonosc import osc_message_builder

from engine.documents.show import load
from engine.play.event_queue import EventQueue
from engine.play.events.complaints import MOST_ADDRESSES, MOST_REPORTED, Complaints
from engine.sources.contract import Origin
from engine.sources.osc import sender
from tests.performing import play
from tests.places import SHOWS

OSC = Origin("osc")
OPACITY = "/layer/form/opacity"


@pytest.fixture(scope="module")
def show():  # type: ignore[no-untyped-def]
    return load.load(str(SHOWS / "tiny.toml")).show


def say(show, *items) -> list[str]:  # type: ignore[no-untyped-def]
    queue = EventQueue()
    queue.take(show, -1, OSC, [(0, *item) for item in items], lambda _: Fraction(0))
    found = []
    while queue.complaints.is_waiting:
        found.append(queue.complaints.next(queue.directory(show)))
    assert queue.events_of(0) == []
    return found


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        (OPACITY, (0.6, 0.1), f"osc: {OPACITY} takes a number from 0 to 1, not 2 numbers"),
        (OPACITY, "0.7", f"osc: {OPACITY} takes a number from 0 to 1, not the text '0.7'"),
        (
            "/layer/*/opacity",
            "0.3",
            "/layer/*/opacity: none of its 1 addresses takes the text '0.3'",
        ),
        ("/layer/*/opacit", 0.3, "osc: there is no address /layer/*/opacit (it came with 0.3)"),
        ("/layer/[/opacity", 0.3, "/layer/[/opacity is left out: a bracket of it is not closed"),
        (
            OPACITY + "/",
            0.4,
            f"osc: there is no address {OPACITY}/ (it came with 0.4); the nearest is {OPACITY}, "
            "which takes a number from 0 to 1",
        ),
        ("/layer/form/path/pull", (0.5, 0.25), "pull takes 64 numbers, not 2 numbers, 0.5, 0.25"),
        ("/layer/form/path/table", "fast", "table takes finite numbers, not the text 'fast'"),
        ("/master/steer", 0.5, "osc: /master/steer takes 2 numbers, not one value"),
        ("/x", (1.0, 2.0, 3.0, 4.0, 5.0), "(it came with 5 numbers, 1, 2, 3, 4 …)"),
        ("/x", "a\x1b[2J", r"(it came with the text '"),
        ("/x", True, "(it came with true)"),
        (OPACITY.title(), 0.5, f"; the nearest is {OPACITY}"),
        ("/layer/from/opacity", 0.5, f"; the nearest is {OPACITY}"),
        ("/x", 0.5, "osc: there is no address /x"),
        ("/a\x1b[2J", 0.5, "is left out"),
        ("/a\x1b2J", 0.5, r"there is no address '/a\x1b2J'"),
    ],
)
def test_each_mistake_is_one_sentence(show, address: str, value, words: str) -> None:  # type: ignore[no-untyped-def]
    """Case field/09: nothing was printed, and the stats had a number without a name."""
    (text,) = say(show, (address, value), (address, value))
    assert words in text
    assert "\n" not in text
    assert "\x1b" not in text


def test_memory_and_sentences_are_bounded(show) -> None:  # type: ignore[no-untyped-def]
    assert len(say(show, *((f"/no/{n}", 1.0) for n in range(500)))) == MOST_REPORTED
    found = Complaints()
    for n in range(500):
        found.refuse("osc", f"/a/{n % 250}", "why")
    assert len(found.refusals) == MOST_ADDRESSES
    assert set(found.refusals.values()) == {(2, "why")}


def test_it_is_said_while_it_plays_and_listed_by_address(tmp_path: Path) -> None:
    with play(tmp_path, SHOWS / "tiny.toml") as playing:
        port = playing.ready()["ports"]["osc"]
        with sender.open("127.0.0.1", port) as pad:
            pad.send(OPACITY, "0.7")
            blob = osc_message_builder.build_msg("/layer/form/scale", b"abcd")
            pad._client.send(blob)
            pad.send("/feedback/all", 1.0)
        playing.hears("takes a number from 0 to 1, not the text '0.7'")
        playing.hears(
            "osc: /layer/form/scale: its type tags ',b' are not understood; "
            "/layer/form/scale takes a number from 0.05 to 8"
        )
        playing.hears("nothing is sent back; start with --feedback HOST:PORT")
        playing.end()
        stats = playing.stats()
    refusals = stats["osc"]["refusals"]
    assert refusals[OPACITY]["count"] == 1
    assert "not the text" in refusals[OPACITY]["why"]
    assert refusals["/layer/form/scale"]["count"] == 1
    assert stats["osc"]["refused"] == 2
