"""Dear events have a price and a tick a budget: counts, what waits, what is left out and said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.play.budget import LINE_US, TICK_US, prices_us
from engine.play.event_queue import EventQueue
from engine.sources.contract import EVERYTHING, Origin
from engine.sources.osc.decode import decode
from tests.places import ROOT

SHOW = load.load(ROOT / "presets/default.toml").show
PATHS = [path.name for path in SHOW.paths]
CASE = Path(__file__).parents[1] / "data/osc-256-corner.bin"
OSC = Origin("osc", EVERYTHING)


def took(queue: EventQueue, *items, newest: int = -1) -> None:
    arrived = [(0, address, value) for address, value in items]
    queue.take(SHOW, newest, OSC, arrived, lambda ns: Fraction(ns, 10**9))


def drained(queue: EventQueue, first: int = 0, ticks: int = 400) -> list[list[Event]]:
    return [list(queue.events_of(tick)) for tick in range(first, first + ticks)]


def cost(events: list[Event]) -> float:
    prices = prices_us(SHOW)
    return sum(prices.get(event.address, 0.0) for event in events)


def test_the_bundle_that_stopped_the_frames_is_one_event() -> None:
    queue = EventQueue()
    messages = [(f"{PATHS[0]}/corner", value) for _, value in decode(CASE.read_bytes()).messages]
    assert len(messages) == 256
    took(queue, *messages)
    ticks = drained(queue)
    assert [(e.address, e.value) for e in ticks[0]] == [messages[-1]]
    assert not any(ticks[1:])
    assert queue.budget.left_out == {messages[0][0]: 255}
    assert queue.budget.total == 255
    assert queue.refused == queue.unknown_total == 0


@pytest.mark.parametrize("name", sorted(SHOW.paths[0].parts.events))
def test_whatever_comes_no_tick_takes_more_than_it_can_afford(name: str) -> None:
    """Of every event of the tables, on every path, many times: the newest of each is applied."""
    queue, prices = EventQueue(), prices_us(SHOW)
    value = {"corner": 1, "felt": (0.5, 0.5), "table": (0.0, 1.0, 1.0, 0.0, 1.0)}.get(name, True)
    sent = [
        (f"{path.name}/{name}", tuple(np.full(path.shape, 1.0 + n).ravel()) if long else value)
        for n in range(26)
        for path in SHOW.paths
        if (long := name in ("key", "pull")) or not long
    ][-256:]
    took(queue, *sent)
    ticks = drained(queue)
    dearest = max(prices[f"{path}/{name}"] for path in PATHS)
    assert max(map(cost, ticks)) <= max(TICK_US, dearest)
    came = {event.address: event.value for tick in ticks for event in tick}
    assert came == dict(sent)
    assert sum(map(len, ticks)) + queue.budget.total == len(sent)


def test_a_chord_of_a_hand_is_played_as_it_was_struck() -> None:
    """What a tick can afford is neither thinned out nor held up, nor is what changes a number."""
    queue = EventQueue()
    chord = [(f"{PATHS[0]}/corner", corner) for corner in (1, 2, 3, 4)]
    plain = [(f"{path}/{name}", 0.25) for path in PATHS for name in ("offset", "pad_x", "push_1")]
    took(queue, *chord, *plain)
    first = queue.events_of(0)
    assert [(e.address, e.value) for e in first] == [*chord, *plain]
    assert (queue.budget.total, queue.budget.deferred) == (0, 0)


def test_what_waits_keeps_its_order_and_is_not_left_out() -> None:
    queue = EventQueue()
    sent = [(f"{path}/drop_key", True) for path in PATHS]
    assert cost([Event(0, *each) for each in sent]) > TICK_US
    took(queue, *sent)
    ticks = drained(queue)
    assert [e.address for tick in ticks for e in tick] == [address for address, _ in sent]
    assert all(event.tick == n for n, tick in enumerate(ticks) for event in tick)
    assert queue.budget.total == 0
    assert queue.budget.deferred > 0


def test_a_flood_is_bounded_and_never_older_than_the_newest_of_each() -> None:
    """It goes on for ever, and what waits is one event of each address."""
    queue = EventQueue()
    for tick in range(300):
        took(queue, *[(f"{p}/corner", 1 + (tick + n) % 4) for n in range(25) for p in PATHS],
             newest=tick - 1)  # fmt: skip
        assert cost(list(queue.events_of(tick))) <= TICK_US
        assert len(queue.budget._waiting) <= len(PATHS)
    last = {e.address: e.value for tick in drained(queue, 300) for e in tick}
    assert set(last.values()) <= {1 + (299 + 24) % 4}


def test_the_hosts_own_events_and_the_sound_never_wait() -> None:
    queue = EventQueue()
    took(queue, *[(f"{path}/{n}", True) for n in ("drop_key", "ban", "snap") for path in PATHS])
    for path in PATHS:
        queue.add(0, f"{path}/felt", (0.5, 0.5), "errand")
    heard = [(0, "/signal/audio", (0.5,) * 9)] * 2
    queue.take(SHOW, -1, Origin("sound", ("/signal/audio",)), heard, lambda _: Fraction(0))
    found = queue.events_of(0)
    assert [e.source for e in found].count("errand") == len(PATHS)
    assert [e.source for e in found].count("sound") == 2


def test_what_is_left_out_is_said_once_and_counted_always() -> None:
    queue = EventQueue()
    for tick in range(3):
        took(queue, *[(f"{PATHS[0]}/ban", True)] * 100, newest=tick - 1)
        queue.events_of(tick)
    assert queue.budget.news() == (
        "osc: more events come than there is time for, so of each address only the newest counts; "
        "the stats count the rest"
    )
    assert queue.budget.news() == ""
    assert queue.budget.total == queue.budget.left_out[f"{PATHS[0]}/ban"] == 297


def test_other_names_of_a_layer_and_cues_have_a_price_too() -> None:
    prices = prices_us(SHOW)
    assert prices["/layer/1/path/drop_key"] == prices[f"{PATHS[0]}/drop_key"]
    assert prices[f"/cue/{SHOW.cues[0].id}/go"] > 0.0
    assert prices["/master/jump"] > LINE_US / 2
    assert f"{PATHS[0]}/offset" not in prices


def test_what_path_events_cost_they_cost_by_each_of_their_names_and_by_patterns() -> None:
    prices = prices_us(SHOW)
    assert prices["/layer/1/path/corner"] == prices[f"{PATHS[0]}/corner"] > 0.0
    queue = EventQueue()
    took(queue, *[("/layer/*/path/corner", 1)] * 50)
    ticks = drained(queue)
    assert all(cost(events) <= TICK_US or len(events) == 1 for events in ticks)
    assert {e.address for events in ticks for e in events} == {
        f"{path}/corner" for path in PATHS if path.endswith("/path")
    }


def test_a_replay_of_what_was_applied_gives_the_same_bits() -> None:
    """The budget is kept before anything is recorded: events by tick are the whole truth."""
    queue, recorded, states = EventQueue(), {}, []
    state: State = first_state(SHOW)
    names = ("drop_key", "ban", "snap", "centre_here", "corner", "jump", "take_key", "unban")
    for tick in range(90):
        if tick % 7 == 3:
            sent = [(f"{p}/{name}", 1) for name in names[tick % 5 :] for p in PATHS]
            took(queue, *sent * 3, newest=tick - 1)
        recorded[tick] = [Event(tick, e.address, e.value, e.source, e.sequence)
                          for e in queue.events_of(tick)]  # fmt: skip
        state = advance(SHOW, state, tick, recorded[tick])
        states.append(state)
    assert queue.budget.total > 0
    again = first_state(SHOW)
    for tick in range(90):
        again = advance(SHOW, again, tick, recorded[tick])
        if tick % 10 == 9:
            one = latents(SHOW, states[tick], tick / 120 + 0.003)
            other = latents(SHOW, again, tick / 120 + 0.003)
            assert all(one[name].tobytes() == other[name].tobytes() for name in one)
