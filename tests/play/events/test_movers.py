"""Who moved what last: the newest event of each address, whatever name it had."""

from __future__ import annotations

from fractions import Fraction

from engine.core.event import Event
from engine.play.event_queue import EventQueue
from engine.play.events.movers import MOST_LISTED
from engine.sources.contract import Origin
from tests.making import read_show

SHOW = read_show()
OPACITY = "/layer/form/opacity"


def test_the_newest_of_each_address_with_its_source_time_and_value() -> None:
    queue = EventQueue()
    queue.directory(SHOW)
    for tick, source, address, value in (
        (0, "osc", OPACITY, 0.1), (12, "midi", "/layer/1/opacity", 0.2),
        (24, "osc", "/master/brightness", 0.9), (36, "osc", "/master/steer", (0.5, 0.5)),
    ):  # fmt: skip
        items = [(tick, address, value)]
        queue.take(SHOW, tick - 1, Origin(source), items, lambda n: Fraction(n, 120))
        queue.events_of(tick)
    queue.add(48, "/clock/jump", 1.0, "clock")
    queue.events_of(48)
    assert queue.movers.report(60, SHOW.control_hz) == [
        {"address": "/master/steer", "source": "osc", "seconds_ago": 0.2, "value": (0.5, 0.5)},
        {"address": "/master/brightness", "source": "osc", "seconds_ago": 0.3, "value": 0.9},
        {"address": OPACITY, "source": "midi", "seconds_ago": 0.4, "value": 0.2},
    ]
    said = queue.movers.who("/layer/1/opacity", queue.directory(SHOW), 60, SHOW.control_hz)
    assert said == f"{OPACITY}: 0.2 by midi, 0.4 s ago"
    for never in ("/layer/form/path/speed", "/nobody", "a\x1b[2J"):
        said = queue.movers.who(never, queue.directory(SHOW), 60, SHOW.control_hz)
        assert said.endswith("nobody has moved it")
        assert said.isprintable()


def test_the_list_is_bounded() -> None:
    queue = EventQueue()
    directory = queue.directory(SHOW)
    queue.movers.note(
        [Event(k, a, 0.0, "osc", k) for k, a in enumerate(directory.known)], directory
    )
    found = queue.movers.report(10_000, SHOW.control_hz)
    assert len(found) == MOST_LISTED < len(queue.movers._newest) <= len(directory.known)
