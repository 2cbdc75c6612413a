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
from engine.play.event_queue import EventQueue
from engine.play.events.budget import PACKET_US, TICK_US, prices
from engine.sources.contract import EVERYTHING, Origin
from engine.sources.osc.decode import decode
from tests.places import ROOT

SHOW = load.load(ROOT / "presets/default.toml").show
PATHS = [path.name for path in SHOW.paths]
CASE = Path(__file__).parents[2] / "data/osc-256-corner.bin"
OSC = Origin("osc", EVERYTHING)
PRICES = prices(SHOW)
DEAREST = max(price.us for price in PRICES.values() if price.owner.startswith("/layer"))


def took(queue: EventQueue, *items, newest: int = -1) -> None:
    arrived = [(0, address, value) for address, value in items]
    queue.take(SHOW, newest, OSC, arrived, lambda ns: Fraction(ns, 10**9))


def drained(queue: EventQueue, first: int = 0, ticks: int = 400) -> list[list[Event]]:
    return [list(queue.events_of(tick)) for tick in range(first, first + ticks)]


def cost(events: list[Event]) -> float:
    """Of events of one tick: what is paid together is paid once."""
    found = [PRICES[event.address] for event in events if event.address in PRICES]
    together = {price.unit: price.us for price in found if price.unit != price.name}
    return sum(p.us for p in found if p.unit == p.name) + sum(together.values())


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


def value_of(name: str, path, n: int):  # type: ignore[no-untyped-def]
    if name in ("key", "pull"):
        return tuple(np.full(path.shape, 1.0 + n).ravel())
    return {"corner": 1, "felt": (0.5, 0.5), "table": (0.0, 1.0, 1.0, 0.0, 1.0)}.get(name, True)


@pytest.mark.parametrize("name", sorted(SHOW.paths[0].parts.events))
def test_one_event_of_each_path_is_played_whatever_else_comes(name: str) -> None:
    """Of every event of the tables, on every path, many times: the newest of each is applied."""
    queue = EventQueue()
    sent = [
        (f"{path.name}/{name}", value_of(name, path, n)) for n in range(26) for path in SHOW.paths
    ][-256:]
    took(queue, *sent)
    ticks = drained(queue)
    assert max(map(cost, ticks)) <= TICK_US + DEAREST
    came = {event.address: event.value for tick in ticks for event in tick}
    assert came == dict(sent)
    assert sum(map(len, ticks)) + queue.budget.total == len(sent)


def everything() -> list[tuple[str, object]]:
    """Every event of every path, one after the other."""
    return [(f"{path.name}/{name}", value_of(name, path, 0))
            for path in SHOW.paths for name in path.parts.events]  # fmt: skip


def test_what_one_packet_asks_for_is_bounded_over_all_its_ticks() -> None:
    """Events of many names: those that a packet may cost, and the newest of each path."""
    queue, sent = EventQueue(), everything()
    took(queue, *sent)
    ticks = drained(queue)
    played = [event for tick in ticks for event in tick]
    owed = sum(max(PRICES[a].us for a, _ in sent if PRICES[a].owner == p) for p in PATHS)
    assert sum(map(cost, ticks)) <= max(PACKET_US, owed)
    assert {PRICES[event.address].owner for event in played} == set(PATHS)
    for path in PATHS:  # of each the newest is among them
        last = [address for address, _ in sent if PRICES[address].owner == path][-1]
        assert last in {event.address for event in played}
    assert queue.budget.total == len(sent) - len(played) > 0
    assert queue.budget.left_out.total() <= queue.budget.total


def test_what_performers_send_in_one_packet_works_whole() -> None:
    """A reset of sixty values, all kinds of motion at once, one gesture on all paths."""
    floats = [p.address for p in SHOW.registry.parameters if str(p.kind) == "float"]
    values = [(address, 0.25) for address in floats if address not in PRICES][:60]
    switches = [(f"{path}/{name}", 1) for name in ("motion", "spline", "turning") for path in PATHS]
    lifted = [(f"{path}/{name}", 1) for name in ("clear_keys", "clear_bans") for path in PATHS]
    for packet in (values, [*values, *switches], [*values, *lifted], switches,
                   [(f"/cue/{SHOW.cues[-1].id}/go", 1), *values],
                   [("/layer/*/path*/drop_key", 1), ("/layer/*/opacity", 0.0)],
                   [("/master/jump", 1), *values]):  # fmt: skip
        queue = EventQueue()
        took(queue, *packet)
        played = [(e.address, e.value) for tick in drained(queue) for e in tick]
        assert {a for a, _ in packet if "*" not in a} <= {a for a, _ in played}
        assert (queue.budget.total, queue.refused, queue.unknown_total) == (0, 0, 0)


def test_settings_by_which_a_path_flies_are_one_flight() -> None:
    queue = EventQueue()
    took(queue, *[(f"{PATHS[0]}/{name}", 2) for name in ("motion", "spline", "turning", "centre")])
    assert len(queue.events_of(0)) == 4


def test_a_hand_does_not_wait_behind_a_flood() -> None:
    queue = EventQueue()
    took(queue, *everything())
    hand = [(0, f"{PATHS[3]}/drop_key", True)]
    queue.take(SHOW, -1, Origin("window"), hand, lambda _: Fraction(0))
    assert "window" in [event.source for event in queue.events_of(0)]


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
        assert cost(list(queue.events_of(tick))) <= TICK_US + DEAREST
        assert sum(map(len, queue.budget._lines.values())) <= len(PATHS)
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
        "osc: more comes at once than there is time for: of each path and name only the newest "
        "counts, and 99 events were left out; the stats count them. Send fewer in one packet, and "
        "the next ones a little later"
    )
    assert queue.budget.news() == ""
    assert queue.budget.total == queue.budget.left_out[f"{PATHS[0]}/ban"] == 297


def test_other_names_of_a_layer_and_cues_have_a_price_too() -> None:
    assert PRICES["/layer/1/path/drop_key"] == PRICES[f"{PATHS[0]}/drop_key"]
    assert PRICES["/layer/1/path/corner"] == PRICES[f"{PATHS[0]}/corner"]
    assert PRICES[f"/cue/{SHOW.cues[0].id}/go"].us > 0.0
    assert PRICES["/master/jump"].us > TICK_US
    assert f"{PATHS[0]}/offset" not in PRICES
    queue = EventQueue()
    took(queue, *[("/layer/1/path/ban", 1), (f"{PATHS[0]}/ban", 1)] * 50)
    assert len([e for tick in drained(queue) for e in tick]) == 1  # the newest of both names


def test_what_path_events_cost_they_cost_by_patterns_too() -> None:
    queue = EventQueue()
    took(queue, *[("/layer/*/path/corner", 1)] * 50)
    ticks = drained(queue)
    assert max(map(cost, ticks)) <= TICK_US + DEAREST
    assert {e.address for events in ticks for e in events} == {
        f"{path}/corner" for path in PATHS if path.endswith("/path")
    }


def test_the_more_a_packet_brings_the_less_of_it_may_be_dear() -> None:
    queue = EventQueue()
    plain = [(f"{PATHS[0]}/offset", 0.25)] * 200
    sent = [each for each in everything() if PRICES[each[0]].owner == PATHS[0]]
    took(queue, *sent)
    alone = [e for tick in drained(queue) for e in tick if e.address in PRICES]
    took(queue, *plain, *sent, newest=399)
    among = [e for tick in drained(queue, 400) for e in tick if e.address in PRICES]
    assert len(among) < len(alone)


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


def test_cues_cost_by_what_they_set_and_lead_also_from_a_list() -> None:
    show = load.load(ROOT / "presets/motions.toml").show
    found = prices(show)
    far, beat = found["/cue/far/go"], found["/cue/circle/go"]
    assert far.us > beat.us  # it leads a path, too
    listed = [found[f"/cue/{show.cues[i].id}/go"].us for i in show.lists[0].cues]
    for act in ("go", "back", "random"):
        assert found[f"/cues/{act}"].us == max(listed)
    assert found["/cues/a"].us > max(listed)
    assert "/cues/fade" not in found
