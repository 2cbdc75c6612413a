"""Undo and redo of what hands did: gestures are steps, undo then redo is nothing; it replays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.control.recall.restore import ADDRESS
from engine.core.event import Event, Value
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.show.state import State, first_state
from engine.play.event_queue import EventQueue
from engine.play.history.editing import Editing
from engine.play.history.history import standing_values
from tests.making import read_show

SPEED, LIGHT, MODE = "/master/speed", "/master/brightness", "/layer/form/effect/glow/mode"
SHOW = read_show(f"""
[[cues]]
id = "night"
time_s = 1.0
latents = {{ "/layer/form/path" = 5 }}
set = {{ "{SPEED}" = 0.25, "{MODE}" = "a" }}
[[cues]]
id = "day"
quantise_beats = 4.0
set = {{ "{SPEED}" = 2.0 }}
[[cue_lists]]
id = "main"
cues = ["night", "day"]
""")


class Hands:
    """A performance without a window: what hands do, tick by tick, and what its take would hold."""

    def __init__(self) -> None:
        self.state = first_state(SHOW)
        self.queue = EventQueue()
        self.told: list[str] = []
        self.editing = Editing(None, self.queue, self.told.append)  # type: ignore[arg-type]
        self.take: list[Event] = []
        self.wait(1)

    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()

    def tick(self, *events: tuple[str, Value], source: str = "osc") -> None:
        tick, before = self.state.tick + 1, self.state
        found = [Event(tick, a, v, source, i) for i, (a, v) in enumerate(events)]
        found += self.queue.events_of(tick)
        self.state = advance(SHOW, before, tick, found)
        self.editing.note(SHOW, before, found, self.state)
        self.take += found

    def do(self, word: str) -> None:
        self.editing.command(word, True, SHOW, self.state)
        self.tick()

    def __getitem__(self, address: str) -> float:
        return float(standing_values(self.state)[SHOW.registry.index[address]])

    @property
    def z(self) -> np.ndarray:
        return latents(SHOW, self.state, self.state.tick / 120)["/layer/form/generator/z"]

    def replayed(self) -> State:
        state = first_state(SHOW)
        for tick in range(self.state.tick + 1):
            state = advance(SHOW, state, tick, [e for e in self.take if e.tick == tick])
        return state


def test_a_drag_is_one_step_whatever_device_it_comes_from() -> None:
    for source in ("window", "osc", "midi nanoKONTROL2", "phone"):
        hands = Hands()
        for value in (0.9, 0.7, 0.5):
            hands.tick((LIGHT, value), source=source)
            hands.wait(10)
        hands.do("undo")
        assert hands[LIGHT] == 1.0
        hands.do("redo")
        assert hands[LIGHT] == 0.5
        assert hands.told == [f"undo: {LIGHT}", f"redo: {LIGHT}"]


def test_a_pause_another_address_and_another_hand_begin_a_step() -> None:
    hands = Hands()
    hands.tick((LIGHT, 0.8))
    hands.wait(100)
    hands.tick((LIGHT, 0.6))
    hands.tick((SPEED, 0.5))
    hands.tick((SPEED, 0.4), source="window")
    for expected in ((0.6, 0.5), (0.6, 1.0), (0.8, 1.0), (1.0, 1.0)):
        hands.do("undo")
        assert (hands[LIGHT], hands[SPEED]) == expected
    hands.do("undo")
    assert hands.told[-1] == "nothing to undo"


def test_what_is_no_hand_is_no_step() -> None:
    hands = Hands()
    hands.tick(("/signal/audio", (0.0,) * 9), source="audio")
    hands.tick(("/layer/form/ready", 1), source="host")
    hands.tick(("/layer/form/path/key", 1.0), source="errand")
    assert not hands.editing.history.done


def test_a_new_step_ends_what_could_be_done_again() -> None:
    hands = Hands()
    hands.tick((LIGHT, 0.5))
    hands.do("undo")
    hands.wait(100)
    hands.tick((SPEED, 0.5))
    hands.do("redo")
    assert hands[LIGHT] == 1.0
    assert hands.told[-1] == "nothing to redo"


def test_a_cue_goes_back_with_its_values_its_list_and_its_latent() -> None:
    hands = Hands()
    before, state = hands.z, hands.state
    hands.tick(("/cues/go", True))
    hands.wait(200)
    assert (hands[SPEED], hands.state.lists[0].at) == (0.25, 0)
    hands.do("undo")
    assert hands.told == ["undo: cue night"]
    assert (hands[SPEED], hands[MODE], hands.state.cue) == (1.0, 1.0, -1)
    assert hands.state.lists == state.lists
    hands.wait(200)
    assert "travel" not in hands.state.paths[0].memory
    assert before.shape == hands.z.shape
    hands.do("redo")
    assert (hands[SPEED], hands.state.cue, hands.state.lists[0].at) == (0.25, 0, 0)
    assert "travel" in hands.state.paths[0].memory


def test_a_cue_that_waited_for_its_beat_is_a_hands_step_too() -> None:
    hands = Hands()
    hands.tick(("/cue/day/go", True))
    assert not hands.editing.history.done
    hands.wait(300)
    assert hands[SPEED] == 2.0
    hands.do("undo")
    assert (hands[SPEED], hands.told) == (1.0, ["undo: cue day"])


@pytest.mark.parametrize("act", ["jump", "drop_key"])
def test_a_path_goes_back_by_a_flight_without_a_jump_of_the_picture(act: str) -> None:
    hands = Hands()
    hands.tick((f"/layer/form/path/{act}", True))
    hands.wait(150)
    after, known = hands.state.paths[0], hands.z
    hands.do("undo")
    assert hands.told == ["undo: what was done to /layer/form/path"]
    path = hands.state.paths[0]
    assert path.place == 0
    assert "keys" not in path.memory
    assert np.abs(hands.z - known).max() < 0.1
    hands.wait(150)
    hands.do("redo")
    path = hands.state.paths[0]
    assert path.place == after.place
    assert path.memory.keys() - {"seam"} == after.memory.keys() - {"seam"}


def test_back_to_the_last_good_state_is_that_of_the_newest_cue_and_can_be_undone() -> None:
    hands = Hands()
    hands.tick(("/cue/night/go", True))
    hands.wait(150)
    hands.tick((SPEED, -3.0), ("/master/blackout", 1.0))
    hands.do("restore")
    assert hands.told == ["back to the last good state: as cue night left it"]
    assert (hands[SPEED], hands["/master/blackout"]) == (0.25, 0.0)
    hands.do("undo")
    assert (hands[SPEED], hands["/master/blackout"]) == (-3.0, 1.0)
    hands.do("redo")
    hands.do("restore")
    assert hands.told[-1] == "this is the last good state"


def test_the_number_of_steps_is_bounded() -> None:
    hands = Hands()
    for n in range(250):
        hands.tick((LIGHT, n / 250), source=str(n % 2))
    assert len(hands.editing.history.done) == 200


moves = st.one_of(
    st.tuples(st.sampled_from([SPEED, LIGHT]), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    st.tuples(st.just(MODE), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.sampled_from(["/cue/night/go", "/cues/go", "/layer/form/path/jump"]), st.just(1)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(moves, st.integers(0, 90)), min_size=1, max_size=6))
def test_undo_then_redo_is_nothing_and_the_take_replays_it(
    acts: list[tuple[tuple[str, Value], int]],
) -> None:
    hands = Hands()
    for (address, value), pause in acts:
        hands.tick((address, value))
        hands.wait(pause)
    standing = [standing_values(hands.state)]
    cues = [hands.state.cue]
    steps = len(hands.editing.history.done)
    for _ in range(steps):
        hands.do("undo")
        standing.append(standing_values(hands.state))
        cues.append(hands.state.cue)
    for n in range(steps):
        hands.do("redo")
        plain = [p for p in range(len(SHOW.low)) if p not in SHOW.triggers]
        assert np.array_equal(standing_values(hands.state)[plain], standing[-2 - n][plain])
        assert hands.state.cue == cues[-2 - n]
    again = hands.replayed()
    assert again.base.tobytes() == hands.state.base.tobytes()
    z = latents(SHOW, again, again.tick / 120)["/layer/form/generator/z"]
    assert z.tobytes() == hands.z.tobytes()
    assert sum(e.address == ADDRESS for e in hands.take) == 2 * steps
