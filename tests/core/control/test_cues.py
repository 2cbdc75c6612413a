"""Cues wait for generators that have no picture yet; readiness is an event, so takes replay it."""

from __future__ import annotations

import json
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.core.control import cues
from engine.core.control.cues import awaited
from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.core.show.snapshot import VERSION, from_data, migrate, to_data
from engine.core.show.state import State, first_state
from engine.documents.show.load import ShowError
from engine.documents.take import reader, recorder
from engine.documents.take.content_store import TakeError
from engine.documents.take.recorder import Recorder
from engine.play.event_queue import EventQueue
from engine.play.film.plan import write_plan
from engine.play.film.playback import open_playback
from engine.play.plan_file import PlanWriter
from engine.sources.contract import Origin
from tests.making import line_of, read_show, run
from tests.places import DATA

GENERATOR = '[layers.generator]\nkind = "cppn"\nconfig = { latent_size = 32 }\n'
TEXT = f"""
[autopilot]
rest_s = 0.0
[[layers]]
id = "a"
{GENERATOR}
[[layers]]
id = "b"
opacity = 0.0
{GENERATOR}
[[layers]]
id = "c"
opacity = 0.0
uses = "b"
[[layers]]
id = "d"
opacity = 0.0
{GENERATOR}
[[layers.effects]]
id = "over"
shader = "glow"
[[cues]]
id = "a"
solo = ["a"]
time_s = 0.5
after_s = 0.5
next = "b"
[[cues]]
id = "b"
solo = ["b"]
time_s = 0.5
delay_s = 0.25
curve = "linear"
[[cues]]
id = "c"
solo = ["c"]
[[cues]]
id = "d"
set = {{ "/layer/d/opacity" = 1.0 }}
[[cues]]
id = "beat"
solo = ["b"]
quantise_beats = 1.0
[[cues]]
id = "down"
solo = []
set = {{ "/layer/d/opacity" = 0.0, "/master/speed" = 2.0 }}
"""
HEAD = 'schema = 1\ncontrol_hz = "120"\n'
SHOW = read_show(TEXT)
A, B, C, D = (f"/layer/{name}/opacity" for name in "abcd")
ASLEEP = [(0, f"/layer/{name}/ready", 0) for name in "bd"]


def cue(name: str, tick: int) -> tuple[int, str, int]:
    return tick, f"/cue/{name}/go", 1


def ready(name: str, tick: int, value: int = 1) -> tuple[int, str, int]:
    return tick, f"/layer/{name}/ready", value


def opacities(state: State, show: Show = SHOW) -> dict[str, float]:
    values = sample(show, state, state.tick / 120).values
    return {a: float(values[show.registry.index[a]]) for a in (A, B, C, D)}


def test_a_show_that_nobody_says_anything_of_is_ready() -> None:
    state = run(SHOW, 200, [cue("b", 10)])
    assert state.cue_tick == 10
    assert opacities(state)[B] == 1.0


@pytest.mark.parametrize("name", ["b", "c"])
def test_a_cue_waits_until_what_it_brings_up_has_a_picture(name: str) -> None:
    """Also for the generator of another layer that it shows; cuts as well as fades."""
    events = [*ASLEEP, cue(name, 10), ready("b", 200)]
    before = run(SHOW, 199, events)
    assert opacities(before) == {A: 1.0, B: 0.0, C: 0.0, D: 0.0}
    assert awaited(SHOW, before) == {"b"}
    state = run(SHOW, 200, events, before)
    assert (state.cue_tick, SHOW.cues[state.cue].id) == (200, name)
    assert awaited(SHOW, state) == set()
    later = opacities(run(SHOW, 300, events, state))
    assert (later[A], later[f"/layer/{name}/opacity"]) == (0.0, 1.0)


def test_a_cue_that_waited_goes_on_as_if_it_had_been_begun_then() -> None:
    waited = run(SHOW, 260, [*ASLEEP, cue("b", 10), ready("b", 200)])
    begun = run(SHOW, 260, [cue("b", 200)])
    assert opacities(waited) == opacities(begun)
    assert 0.0 < opacities(waited)[B] < 1.0  # delay and time count from there
    assert waited.ramps == begun.ramps


def test_a_beat_is_waited_for_after_the_picture() -> None:
    """At 120 beats a minute a beat is 60 ticks."""
    events = [*ASLEEP, cue("beat", 10), ready("b", 130)]
    assert opacities(run(SHOW, 179, events))[A] == 1.0
    assert run(SHOW, 180, events).cue_tick == 180


def test_what_goes_away_or_is_steered_needs_no_picture() -> None:
    state = run(SHOW, 20, [*ASLEEP, cue("a", 5), cue("down", 10)])
    assert (state.awaiting, state.cue_tick) == ((), 10)


def test_the_newest_cue_for_the_same_layers_wins() -> None:
    events = [*ASLEEP, cue("b", 10), cue("d", 20), ready("b", 30), ready("d", 40)]
    state = run(SHOW, 60, events)
    assert (SHOW.cues[state.cue].id, opacities(state)) == ("d", {A: 1.0, B: 0.0, C: 0.0, D: 1.0})
    state = run(SHOW, 60, [*ASLEEP, cue("b", 10), cue("a", 20), ready("b", 30)])
    assert (SHOW.cues[state.cue].id, state.cue_tick, state.awaiting) == ("a", 20, ())


def test_one_that_fails_keeps_the_picture_until_another_is_called() -> None:
    events = [*ASLEEP, cue("b", 10), cue("a", 5000)]
    assert opacities(run(SHOW, 4999, events))[A] == 1.0
    assert run(SHOW, 5000, events).awaiting == ()


def test_a_hand_on_the_fader_waits_for_nothing() -> None:
    state = run(SHOW, 20, [*ASLEEP, (10, B, 0.75), cue("b", 11)])
    assert opacities(state)[B] == 0.75
    assert awaited(SHOW, state) == {"b"}


def test_the_autopilot_waits_too_and_yields_to_a_hand() -> None:
    events = [*ASLEEP, (0, "/autopilot/on", 1), cue("a", 1), ready("b", 400)]
    state = run(SHOW, 399, events)
    assert [(SHOW.cues[i].id, own) for i, own in state.awaiting] == [("b", True)]
    assert run(SHOW, 400, events, state).cue_tick == 400
    touched = run(SHOW, 300, [*events, (300, "/master/brightness", 0.5)])
    assert touched.awaiting == ()


def test_readiness_is_no_touch_and_no_more_than_a_word_of_the_host() -> None:
    odd = [(4, "/layer//ready", 0), (5, "/layer/b/ready", "yes"), (5, "/layer/b/ready", (1.0,))]
    state = run(SHOW, 50, [*ASLEEP, ready("x", 3, 0), ready("c", 3, 0), *odd])
    assert (state.touch_tick, state.unready) == (-1, {"b", "d"})


def test_the_first_cue_has_no_picture_to_keep() -> None:
    show = read_show('start = "b"\n' + TEXT)
    assert run(show, 100, ASLEEP).cue_tick == 0


@pytest.mark.parametrize("source", ["osc", "window", "sound"])
@pytest.mark.parametrize("address", ["/layer/b/ready", "/layer/2/ready"])
def test_nobody_outside_says_what_is_ready(address: str, source: str) -> None:
    queue = EventQueue()
    queue.take(SHOW, -1, Origin(source), [(0, address, 1.0)], lambda _: Fraction(0))
    assert queue.events_of(0) == []
    assert queue.unknown == {address: 1}


@pytest.mark.parametrize(
    "text", ['[[cues]]\nid = "x"\nset = { "/layer/b/ready" = 1 }', '[keys]\nx = "/layer/b/ready"',
             '[[routes]]\nsignal = "audio/low"\ntarget = "/layer/b/ready"\ndepth = 1.0'],
)  # fmt: skip
def test_nothing_in_a_show_says_what_is_ready(text: str) -> None:
    with pytest.raises(ShowError, match="/layer/b/ready"):
        read_show(TEXT + text)


# Snapshots


def test_a_snapshot_holds_what_waits() -> None:
    state = run(SHOW, 20, [*ASLEEP, cue("b", 10)])
    data = json.loads(json.dumps(to_data(SHOW, state)))
    again = from_data(SHOW, data)
    assert (again.unready, again.awaiting) == (state.unready, state.awaiting)
    assert data["version"] == VERSION
    events = [ready("b", 30)]
    assert opacities(run(SHOW, 90, events, again)) == opacities(run(SHOW, 90, events, state))


def test_a_snapshot_of_the_first_shape_is_a_state_that_is_ready() -> None:
    state = run(SHOW, 20, [cue("b", 10)])
    data = to_data(SHOW, state)
    old = {k: v for k, v in data.items() if k not in ("version", "unready", "awaiting")}
    assert to_data(SHOW, from_data(SHOW, old)) == data


def test_a_snapshot_of_a_newer_version_is_refused_in_a_sentence() -> None:
    data = {**to_data(SHOW, first_state(SHOW)), "version": VERSION + 1, "base": None}
    with pytest.raises(ValueError, match=f"version {VERSION + 1}.*up to {VERSION}.*newer one"):
        from_data(SHOW, data)


@pytest.mark.parametrize("version", [0, -1, True, None, "2", 2.0, [2]])
def test_a_version_is_a_whole_number(version: object) -> None:
    data = {**to_data(SHOW, first_state(SHOW)), "version": version}
    with pytest.raises(ValueError, match="not a state snapshot: its version is"):
        from_data(SHOW, data)


def test_what_waits_moves_into_an_edited_show() -> None:
    state = run(SHOW, 20, [*ASLEEP, cue("b", 10)])
    more = read_show(TEXT + f'\n[[layers]]\nid = "e"\nopacity = 0.0\n{GENERATOR}')
    moved = migrate(SHOW, more, state)
    assert awaited(more, moved) == {"b"}
    fewer = read_show("[[layers]]" + TEXT.split("[[layers]]")[1] + '[[cues]]\nid = "b"\nsolo = []')
    moved = migrate(SHOW, fewer, state)
    assert moved.unready == set()
    assert run(fewer, 21, [], moved).awaiting == ()  # what it waited for is gone


def test_a_take_of_the_first_shape_still_plays(tmp_path: Path, monkeypatch) -> None:
    """Recorded before snapshots had a version, in parts of a second."""
    monkeypatch.setattr(reader, "PART_S", 1)
    there = DATA / "take-snapshot-1"
    write_plan(open_playback(str(there / "take")), tmp_path / "plan.npz")
    with np.load(there / "values.npz") as wanted, np.load(tmp_path / "plan.npz") as found:
        for name in wanted.files:
            np.testing.assert_allclose(found[name.replace("|", "/")], wanted[name], rtol=1e-9)
    late = open_playback(str(there / "take")).line_at(Fraction(5, 2))
    assert late.state.tick >= 240
    assert late.state.unready == set()


def test_a_take_of_the_third_shape_still_plays(tmp_path: Path, monkeypatch) -> None:
    """Paths were told all that version 3 keeps: keys, bans, traces, seams, centres, pads."""
    monkeypatch.setattr(reader, "PART_S", 1)
    there = DATA / "take-snapshot-3"
    write_plan(open_playback(str(there / "take")), tmp_path / "plan.npz")
    with np.load(there / "values.npz") as wanted, np.load(tmp_path / "plan.npz") as found:
        for name in wanted.files:
            np.testing.assert_allclose(
                found[name.replace("|", "/")][::12], wanted[name], rtol=1e-9, atol=1e-12
            )


@pytest.mark.parametrize("seconds", [1, 2])
def test_a_take_of_the_third_shape_goes_on_from_its_snapshots(
    seconds: int, tmp_path: Path, monkeypatch
) -> None:
    """Begun in the middle it reads what paths remember, and moves as it was recorded from there."""
    monkeypatch.setattr(reader, "PART_S", 1)
    there = DATA / "take-snapshot-3"
    late = open_playback(str(there / "take")).line_at(Fraction(seconds))
    assert late.state.tick == 120 * seconds - 1
    assert sum(bool(path.memory) for path in late.state.paths) >= 2
    write_plan(open_playback(str(there / "take")), tmp_path / "late.npz", start=Fraction(seconds))
    with np.load(there / "values.npz") as wanted, np.load(tmp_path / "late.npz") as found:
        for name in wanted.files:
            np.testing.assert_allclose(
                found[name.replace("|", "/")][::12],
                wanted[name][10 * seconds :],
                rtol=1e-9,
                atol=1e-12,
            )


def test_a_take_of_a_newer_shape_names_the_place(tmp_path: Path) -> None:
    perform(tmp_path, 30, {})
    part = tmp_path / "t" / "parts" / "0000000000.jsonl"
    part.write_text(part.read_text().replace(f'"version": {VERSION}', '"version": 99'))
    with pytest.raises(TakeError, match=r"0000000000\.jsonl:1: .*version 99"):
        open_playback(str(tmp_path / "t"))


# A take is the film


@pytest.fixture(autouse=True)
def _much_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LEAST_FREE_BYTES", 0)


def perform(folder: Path, ticks: int, events: dict[int, list[tuple[str, str, object]]]) -> None:
    """Play tick by tick as live does, and record."""
    rec = Recorder(folder / "t", SHOW, HEAD + TEXT, header={})
    plan = PlanWriter(folder / "live.npz", SHOW)
    line, queue = line_of(SHOW), EventQueue()
    line.on_tick = lambda *row: (rec.tick(*row), plan.tick(*row))
    for tick in range(ticks):
        for source, address, value in events.get(tick, ()):
            queue.add(tick, address, value, source)  # type: ignore[arg-type]
        line.tick(tick, queue.events_of(tick))
    plan.close()
    rec.close()
    assert rec.error == ""


said = st.sampled_from([("host", f"/layer/{n}/ready") for n in "abd"])
CALLS = [("osc", f"/cue/{each.id}/go") for each in SHOW.cues]
OTHERS = [("window", B), ("osc", "/autopilot/on"), ("osc", "/master/freeze")]
called = st.sampled_from(CALLS + OTHERS)
moments = st.lists(st.tuples(st.integers(0, 299), st.one_of(said, called), st.integers(0, 1)),
                   max_size=40)  # fmt: skip


@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(moments)
def test_a_take_replays_what_waited_to_the_bit(moments) -> None:
    events: dict[int, list[tuple[str, str, object]]] = {}
    for tick, (source, address), value in moments:
        events.setdefault(tick, []).append((source, address, value))
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setattr(recorder, "PART_S", 1)
        patch.setattr(reader, "PART_S", 1)
        perform(folder, 300, events)
        write_plan(open_playback(str(folder / "t")), folder / "film.npz")
        write_plan(open_playback(str(folder / "t")), folder / "late.npz", start=Fraction(2))
        with (
            np.load(folder / "live.npz") as live,
            np.load(folder / "film.npz") as film,
            np.load(folder / "late.npz") as late,
        ):
            for key in live.files:
                assert live[key].tobytes() == film[key].tobytes(), key
                assert live[key][240:].tobytes() == late[key].tobytes(), key
        reader.read_part.cache_clear()


@given(moments)
def test_no_cue_begins_before_its_generators_have_pictures(moments) -> None:
    """Whatever comes in whatever order."""
    begin = cues.begin

    def begin_ready(show: Show, state: State, index: int) -> State:
        assert show.constants.needs[index].isdisjoint(state.unready)
        return begin(show, state, index)

    listed = [(tick, address, value) for tick, (_, address), value in moments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cues, "begin", begin_ready)
        state = run(SHOW, 300, listed)
        assert awaited(SHOW, state) or not state.awaiting
