"""A captured cue is text of the show, to the bit: saved, read again and recalled it is the same."""

from __future__ import annotations

import numpy as np
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.frame.sample import latents
from engine.core.frame.values import ramped
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.show import load
from engine.documents.show.saving.capture import Captured, capture, cue_id, with_cue
from tests.making import FORM, GLOW, run

TEXT = f"""schema = 1  # of a person's own hand
{FORM}
[[cues]]  # the first
id = "dawn"
key = "1"
time_s = 3.0  # slow
solo = ["form"]
"""
TINT = "/layer/form/effect/glow/tint"


def read(text: str) -> Show:
    return load.read(text, "test", lambda _: GLOW)[0]


SHOW = read(TEXT)


def standing(show: Show, state: State) -> dict[str, float]:
    values = ramped(show, state, state.tick / 120).tolist()
    return {p.address: v for p, v in zip(show.registry.parameters, values, strict=True)}


def recalled(text: str, cue: str) -> tuple[Show, State]:
    show = read(text)
    return show, run(show, 600, [(0, f"/cue/{cue}/go", True)])


@settings(max_examples=25, deadline=None)
@given(st.floats(-4, 4), st.floats(0, 1), st.sampled_from(["a", "b", "c"]), st.integers(5, 200))
def test_capture_save_load_recall_gives_what_was_captured(
    speed: float, tint: float, mode: str, tick: int
) -> None:
    state = run(
        SHOW,
        tick,
        [
            (0, "/master/speed", speed),
            (1, f"{TINT}/g", tint),
            (2, "/layer/form/effect/glow/mode", mode),
            (3, "/master/steer_x", 1.0),
        ],
    )
    text = with_cue(TEXT, SHOW, capture(SHOW, state, "dusk"))
    show, again = recalled(text, "dusk")
    wanted, found = standing(SHOW, state), standing(show, again)
    for address in ("/master/speed", f"{TINT}/g", "/layer/form/effect/glow/mode"):
        assert found[address] == wanted[address]
    z = latents(SHOW, state, tick / 120)["/layer/form/generator/z"]
    there = next(c for c in show.cues if c.id == "dusk").latents[0][1]
    assert np.array_equal(there.astype(np.float32).ravel(), z.ravel())


def test_recall_ends_where_the_latent_was() -> None:
    state = run(SHOW, 100, [(0, "/master/steer_x", 1.0)])
    text = with_cue(TEXT, SHOW, capture(SHOW, state, "dusk"))
    show = read(text)
    z = latents(SHOW, state, 100 / 120)["/layer/form/generator/z"]
    there = run(show, 240, [(0, "/cue/dusk/go", True)])  # two seconds
    assert latents(show, there, 2.0)["/layer/form/generator/z"] == pytest.approx(z, abs=1e-5)


def test_comments_stay_and_an_old_cue_keeps_its_time_and_key() -> None:
    state = run(SHOW, 5, [(1, "/master/speed", 0.3)])
    text = with_cue(TEXT, SHOW, capture(SHOW, state, "dawn", {"/master/speed"}))
    for comment in ("# of a person's own hand", "# the first", "# slow"):
        assert comment in text
    (cue,) = tomlkit.parse(text)["cues"]
    assert dict(cue["set"]) == {"/master/speed": 0.3}
    assert (cue["key"], cue["time_s"]) == ("1", 3.0)
    assert "solo" not in cue  # the cue now says what was captured


def test_what_passes_and_what_goes_through_cues_is_not_captured() -> None:
    found = capture(SHOW, run(SHOW, 5, [(1, "/master/blackout", 1.0)]), "x")
    roots = (
        "/master/blackout",
        "/master/steer_x",
        "/transport/bpm",
        "/autopilot/on",
        "/cue/dawn/go",
    )
    assert found.values.keys().isdisjoint(roots)
    assert "/master/brightness" in found.values
    asked = capture(SHOW, run(SHOW, 5), "x", {"/transport/bpm", "/layer/form/path"})
    assert (list(asked.values), list(asked.latents)) == (["/transport/bpm"], ["/layer/form/path"])


def test_what_a_show_has_lost_is_carried_and_left_out() -> None:
    found = Captured(
        "old", {"/master/speed": 2.0, "/layer/gone/opacity": 1.0}, {"/layer/x/path": "f32:"}
    )
    text = with_cue(TEXT, read(TEXT), found)
    assert "gone" not in text  # this show does not know what it was
    show = read(text)
    assert len(show.cues[-1].targets) == 1
    assert "cue old: what is not in the show any more is left out" in show.notes[0]


@pytest.mark.parametrize(
    ("name", "found"),
    [("", "captured_1"), ("Night Sky!", "night_sky"), ("7 up", "cue_7_up"), ("dawn", "dawn")],
)
def test_names_become_ids(name: str, found: str) -> None:
    assert cue_id(name, SHOW) == found
    assert found == "dawn" or read(with_cue(TEXT, SHOW, capture(SHOW, run(SHOW, 1), found)))


def test_a_show_that_writes_its_cues_otherwise_is_said() -> None:
    text = 'schema = 1\ncues = [{ id = "a" }]\n'
    with pytest.raises(ValueError, match=r"write each as a table \[\[cues\]\]"):
        with_cue(text, SHOW, Captured("b", {}, {}))
