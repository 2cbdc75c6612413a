"""Everything that arrives gets the first tick that is not before it and not yet advanced."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import sample
from engine.core.show.state import first_state
from engine.core.tempo.sync import SYNC, TIMECODE
from engine.play.event_queue import MOST_UNKNOWN, EventQueue
from engine.play.events.delay import Delay
from engine.sources.contract import EVERYTHING, Origin
from tests.making import read_show

SHOW = read_show('signals = ["hand"]\n[[lfos]]\nid = "o"\nrate_hz = 1.0\n')
AMOUNT = "/layer/form/effect/glow/amount"


def seconds_of(ns: int) -> Fraction:
    return Fraction(ns, 10**9)


def took(queue: EventQueue, *items, newest: int = -1, source: str = "osc") -> None:
    addresses = ("/signal/audio",) if source == "sound" else EVERYTHING
    queue.take(SHOW, newest, Origin(source, addresses), items, seconds_of)


@given(st.integers(0, 10**11), st.integers(-1, 20000))
def test_an_event_is_never_early_and_never_in_the_past(arrival_ns: int, newest: int) -> None:
    queue = EventQueue()
    took(queue, (arrival_ns, AMOUNT, 0.5), newest=newest)
    ((tick, events),) = ((t, e) for t, e in queue._pending.items())
    assert tick > newest
    assert Fraction(tick, 120) >= seconds_of(arrival_ns)
    assert tick == newest + 1 or Fraction(tick - 1, 120) < seconds_of(arrival_ns)
    assert [e.tick for e in events] == [tick]


def test_an_arrival_exactly_on_a_tick_gets_that_tick() -> None:
    queue = EventQueue()
    took(queue, (25_000_000, AMOUNT, 0.5))
    assert [e.value for e in queue.events_of(3)] == [0.5]


def test_each_tick_is_handed_over_once() -> None:
    queue = EventQueue()
    took(queue, (0, AMOUNT, 0.5))
    assert len(queue.events_of(0)) == 1
    assert queue.events_of(0) == []


def test_the_order_is_source_then_arrival() -> None:
    queue = EventQueue()
    took(queue, (0, AMOUNT, 0.1), source="window")
    took(queue, (0, AMOUNT, 0.2), (0, AMOUNT, 0.3), source="osc")
    assert [e.value for e in queue.events_of(0)] == [0.2, 0.3, 0.1]


@pytest.mark.parametrize(
    ("address", "value"),
    [
        (AMOUNT, "half"),
        (AMOUNT, math.nan),
        (AMOUNT, 10**400),
        (AMOUNT, (1.0, 2.0)),
        ("/signal/hand", math.inf),
        ("/signal/hand", 10**400),
        ("/signal/hand", "high"),
        ("/signal/hand", (1.0,)),
        ("/layer/form/effect/glow/tint", 0.5),
        ("/master/jump", "go"),
        ("/master/jump", (1.0,)),
        ("/master/jump", math.nan),
    ],
)
def test_what_has_the_wrong_type_is_refused_and_counted(address: str, value) -> None:
    queue = EventQueue()
    took(queue, (0, address, value))
    assert (queue.refused, queue.unknown, queue.events_of(0)) == (1, {}, [])


def test_the_release_of_a_trigger_is_no_error() -> None:
    queue = EventQueue()
    took(queue, (0, "/master/jump", 0.0))
    assert (queue.refused, queue.unknown, queue.events_of(0)) == (0, {}, [])


@pytest.mark.parametrize(
    "address",
    ["/signal/audio", "/signal/audio/level", "/signal/beat/pulse", "/signal/lfo/o",
     "/signal/nobody", "/show/load", "/clock/jump", "/layer/9/opacity"],
)  # fmt: skip
@pytest.mark.parametrize("source", ["osc", "window"])
def test_nobody_outside_reaches_what_belongs_to_the_host(address: str, source: str) -> None:
    queue = EventQueue()
    took(queue, (0, address, 1.0), source=source)
    assert (queue.unknown, queue.unknown_total) == ({address: 1}, 1)
    assert queue.events_of(0) == []


def test_the_sound_may_say_what_it_hears() -> None:
    queue = EventQueue()
    took(queue, (0, "/signal/audio", (0.5,) * 9), source="sound")
    assert len(queue.events_of(0)) == 1


@pytest.mark.parametrize("row", [0.5, (0.5,) * 8, "loud"])
def test_what_is_no_row_of_features_is_refused(row) -> None:
    queue = EventQueue()
    took(queue, (0, "/signal/audio", row), source="sound")
    assert (queue.refused, queue.events_of(0)) == (1, [])


def test_a_source_writes_what_it_declares_and_nothing_else() -> None:
    queue = EventQueue()
    pedal = Origin("pedal", ("/layer/form/effect/", "/master/blackout"))
    for address in (AMOUNT, "/master/blackout", "/master/brightness", "/layer/form/opacity"):
        queue.take(SHOW, -1, pedal, [(0, address, 0.5)], seconds_of)
    assert [e.address for e in queue.events_of(0)] == [AMOUNT, "/master/blackout"]
    assert (queue.refused, queue.unknown) == (2, {})


def test_unknown_addresses_are_counted_in_bounded_memory() -> None:
    queue = EventQueue()
    took(queue, *[(0, f"/x/{n % 500}", 1.0) for n in range(1000)])
    assert len(queue.unknown) == MOST_UNKNOWN
    assert set(queue.unknown.values()) == {2}
    assert queue.unknown_total == 1000


def test_a_track_begins_at_its_tick_and_leaves_out_a_gap() -> None:
    queue = EventQueue()
    track = {n: [Event(n, "/signal/audio", (n / 100,), "track", n)] for n in range(0, 100, 2)}
    queue.play(track, 10)
    assert queue.events_of(9) == []
    assert [(e.tick, e.value) for e in queue.events_of(14)] == [(14, (0.04,))]
    took(queue, (0, AMOUNT, 0.5), newest=15)
    assert [e.source for e in queue.events_of(16)] == ["osc", "track"]
    queue.jump(20)
    assert [(e.tick, e.value) for e in queue.events_of(18)] == [(18, (0.28,))]


def test_what_a_path_is_told_is_an_event_of_numbers() -> None:
    queue = EventQueue()
    told, key = "/layer/form/path/key", (0.5,) * SHOW.paths[0].size
    wrong = ((math.nan, *key[1:]), "no", key[1:])
    took(queue, (0, told, key), *((0, told, value) for value in wrong))
    assert [e.value for e in queue.events_of(0)] == [key]
    assert queue.refused == 3
    assert not queue.unknown


def test_a_beat_that_is_told_is_older_when_it_takes_effect() -> None:
    """Ticks are 8 ms apart: what a clock says at its arrival is carried to the tick."""
    queue = EventQueue()
    items = [
        (1_002_000_000, SYNC, (2.0, 120.0, 7.0, 1.0)),
        (1_004_000_000, TIMECODE, (10.0, 1.0)),
        (1_004_000_000, SYNC, (9.0, 120.0, 7.0, 1.0)),
    ]
    queue.take(SHOW, -1, Origin("midi", (SYNC, TIMECODE)), items, seconds_of)
    sync, timecode = queue.events_of(121)
    assert sync.value[:4] == pytest.approx((2.0, 120.0, 7.0 + 2 * (121 / 120 - 1.002), 1.0))
    assert timecode.value == pytest.approx((10.0 + 121 / 120 - 1.004, 1.0))
    assert queue.refused == 1
    took(queue, (0, SYNC, (2.0, 120.0, 7.0, 1.0)))  # OSC does not declare it
    assert queue.unknown_total == 1


def test_the_last_writer_wins_in_an_order_that_does_not_hang_on_who_was_polled_first() -> None:
    """Within a tick: by the name of the source, then as it came; aliases are the same address."""
    rows = [
        ("osc", "/layer/1/effect/glow/amount", 0.1),
        ("osc", AMOUNT, 0.2),
        ("midi", AMOUNT, 0.3),
        ("window", AMOUNT, 0.4),
        ("midi", AMOUNT, 0.5),
    ]
    found = []
    for order in (rows, rows[::-1], rows[2:] + rows[:2]):
        by_source = {name: [r for r in rows if r[0] == name] for name, *_ in order}
        queue = EventQueue()
        for name, own in by_source.items():
            took(queue, *[(0, address, value) for _, address, value in own], source=name)
        events = queue.events_of(0)
        found.append([(e.source, e.value) for e in events])
        state = advance(SHOW, first_state(SHOW), 0, events)
        assert state.base[SHOW.registry.index[AMOUNT]] == 0.4  # the window's
    assert (
        found == [[("midi", 0.3), ("midi", 0.5), ("osc", 0.1), ("osc", 0.2), ("window", 0.4)]] * 3
    )


def test_a_performance_of_several_sources_replays_to_the_bit() -> None:
    """What is recorded are events on ticks: delays, patterns and what was left out are in them."""
    queue, states, recorded = EventQueue(), [first_state(SHOW)], []
    for tick in range(240):
        ms = tick * 1000 // 120
        for name, every, value in (("midi", 3, 0.2), ("osc", 2, 0.6), ("dmx", 5, 0.9)):
            if tick % every == 0:
                rows = [
                    (ms * 10**6, AMOUNT, value * tick / 240),
                    (ms * 10**6, "/layer/*/opacity", value),
                ]
                delay = Delay(40_000_000 if name == "midi" else 0)
                took(queue, *delay.due(rows, 10**12), newest=tick - 1, source=name)
        recorded.append([Event(*event) for event in queue.events_of(tick)])
        states.append(advance(SHOW, states[-1], tick, recorded[-1]))
    assert {e.source for events in recorded for e in events} == {"midi", "osc", "dmx"}
    again = first_state(SHOW)
    for tick, events in enumerate(recorded):
        again = advance(SHOW, again, tick, events)
        if tick % 20 == 19:
            plans = [sample(SHOW, each, tick / 120 + 0.002) for each in (states[tick + 1], again)]
            assert repr(plans[0]) == repr(plans[1])
            assert states[tick + 1].base.tobytes() == again.base.tobytes()
