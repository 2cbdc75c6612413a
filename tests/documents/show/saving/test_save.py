"""Copies of shows as they stand: played again they begin where they were saved."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.documents.show.saving import save
from tests.making import run

SHIPPED = sorted(path.stem for path in assets_dir("presets").glob("*.toml"))
TEXT = """\
# A show of mine.
schema = 1  # as it is
name = "Mine"
start = "calm"

# the one layer
[[layers]]
id = "form"
opacity = 0.9 # nearly
[layers.generator]
kind = "cppn"
[layers.generator.parameters]
truncation = 0.7      # as I like it
[layers.path]
motion = "walk"  # for now
speed = 0.1
[[layers.effects]]
shader = "tint"
inputs = { colour = [0.1, 0.2, 0.3, 1.0] } # blue

[[cues]]
id = "calm"
key = "1"
set = { "/layer/form/path/speed" = 0.05 } # slow
[[cues]]
id = "swift"
key = "2"
time_s = 9.0
[cues.set]
"/layer/form/path/speed" = 0.9   # fast
"""
TINT = """/*{ "INPUTS": [ { "NAME": "inputImage", "TYPE": "image" },
  { "NAME": "colour", "TYPE": "color" } ] }*/
void main() { gl_FragColor = colour; }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[], load.Loaded]:
    (tmp_path / "mine.toml").write_text(TEXT, "utf-8")
    (tmp_path / "tint.fs").write_text(TINT, "utf-8")
    return lambda: load.load(str(tmp_path / "mine.toml"))


def begun(show: Show) -> dict[str, float]:
    """Live values once the show has begun, and its first scene has arrived."""
    return save.live_values(show, run(show, 2))


def turned(show: Show, state: State, share: float, seed: int) -> dict[str, float]:
    """Live values, a share of them turned anywhere in their range.

    Not the ends of the scene fader: with them a hand would have turned what the scenes hold.
    """
    rng = np.random.default_rng(seed)
    values = save.live_values(show, state)
    for address in values:
        p = show.registry[address]
        if rng.random() < share and not address.endswith(("/motion", "/cues/a", "/cues/b")):
            low, high = max(p.low, -1e4), min(p.high, 1e4)
            value = low + (high - low) * rng.random()
            values[address] = float(value if p.kind is Kind.FLOAT else round(value))
    return values


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_copy_begins_where_the_show_was(name: str) -> None:
    loaded = load.load(name)
    show = loaded.show
    cues = [c.go for c in show.cues]
    for seed, goes in enumerate([[], cues[-1:]]):
        events = [(3, show.registry.parameters[go].address, True) for go in goes]
        state = run(show, 5, events)
        values = turned(show, state, 0.2, seed)
        text = save.with_values(loaded.text, show, values, state.cue)
        assert comments(text) == comments(loaded.text)
        again = load.read(text, "copy", show.shaders.__getitem__, show.files.__getitem__)[0]
        found = begun(again)
        assert found.keys() == values.keys()
        assert found == pytest.approx(values, rel=1e-4, abs=1e-4)
        assert save.with_values(text, again, found, again.start) == text  # nothing is left to say


def test_what_was_not_touched_stays_as_it_was_written(mine: Callable[[], load.Loaded]) -> None:
    loaded = mine()
    values = begun(loaded.show)
    assert save.with_values(loaded.text, loaded.show, values, 0) == TEXT
    values |= {
        "/layer/form/opacity": 0.25, "/layer/form/generator/truncation": 0.6,
        "/layer/form/path/motion": 2.0, "/layer/form/effect/tint/colour/g": 0.5,
        "/layer/form/path/speed": 0.07, "/transport/bpm": 90.0,
    }  # fmt: skip
    text = save.with_values(loaded.text, loaded.show, values, 0)
    changed = [(a, b) for a, b in zip(TEXT.splitlines(), text.splitlines(), strict=False) if a != b]
    motion = loaded.show.registry["/layer/form/path/motion"].choices[2]
    for line in (
        "opacity = 0.25 # nearly", "truncation = 0.6      # as I like it",
        f'motion = "{motion}"  # for now',
        "inputs = { colour = [0.1, 0.5, 0.3, 1.0] } # blue",
        'set = { "/layer/form/path/speed" = 0.07 } # slow',
    ):  # fmt: skip
        assert line in text.splitlines(), changed
    assert tomllib.loads(text)["master"]["bpm"] == 90.0
    assert '"/layer/form/path/speed" = 0.9   # fast' in text


def test_the_scene_that_plays_is_where_the_copy_begins(mine: Callable[[], load.Loaded]) -> None:
    loaded = mine()
    state = run(loaded.show, 9, [(5, "/cue/swift/go", True)])  # it glides for nine seconds
    values = save.live_values(loaded.show, state)
    assert values["/layer/form/path/speed"] == 0.9
    found = tomllib.loads(save.with_values(loaded.text, loaded.show, values, state.cue))
    assert found["start"] == "swift"
    assert found["layers"][0]["path"]["speed"] == 0.1


def test_macros_and_settings_of_modulators_are_written_where_they_stand() -> None:
    text = """schema = 1
[[modulators]]
id = "hit"
kind = "adsr"
gate = "audio/kick"
release_s = 0.5  # long
[[modulators]]
id = "n"
kind = "counter"
gate = "audio/kick"
[[macros]]
id = "wet"
value = 0.25  # a little
targets = [{ target = "/master/brightness", range = [0.5, 1.0] }]
"""
    show = load.read(text, "mine", str)[0]
    events = [(1, "/mod/hit/release_s", 2.0), (1, "/mod/n/modulo", 7), (1, "/macro/1", 0.75)]
    values = save.live_values(show, run(show, 3, events))
    saved = save.with_values(text, show, values, -1)
    assert {"release_s = 2.0  # long", "modulo = 7", "value = 0.75  # a little"} <= {
        *saved.splitlines()
    }
    assert begun(load.read(saved, "copy", str)[0]) == values


def test_a_hand_that_passes_is_not_kept(mine: Callable[[], load.Loaded]) -> None:
    loaded = mine()
    events = [
        (3, "/master/blackout", True),
        (3, "/master/freeze", True),
        (3, "/master/steer_x", 2.0),
    ]
    state = run(loaded.show, 5, events)
    text = save.with_values(
        loaded.text, loaded.show, save.live_values(loaded.show, state), state.cue
    )
    assert text == TEXT


def test_a_show_without_tables_says_it_in_a_scene() -> None:
    text = 'schema = 1\n[[layers]]\nid = "a"\ngenerator.kind = "cppn"\npath.inputs = 2\n'
    show = load.read(text, "t", lambda _: "")[0]
    values = begun(show) | {"/layer/a/path/map_1": 0.25, "/layer/a/generator/scale": 0.4}
    copy = save.with_values(text, show, values, -1)
    found = tomllib.loads(copy)
    assert found["start"] == "saved"
    assert found["cues"] == [{"id": "saved", "set": {"/layer/a/path/map_1": 0.25}}]
    assert begun(load.read(copy, "t", lambda _: "")[0]) == pytest.approx(values)


def test_a_copy_lies_beside_its_show_and_writes_over_nothing(
    mine: Callable[[], load.Loaded],
) -> None:
    loaded = mine()
    out = save.save_copy(loaded, loaded.show, run(loaded.show, 5), "20260102-030405")
    assert out.name == "mine-20260102-030405.toml"
    assert out.parent == loaded.path.parent  # type: ignore[union-attr]
    assert out.read_text("utf-8") == TEXT
    with pytest.raises(ValueError, match="saved already"):
        save.save_copy(loaded, loaded.show, run(loaded.show, 5), "20260102-030405")
    again = load.load(str(out))
    next_ = save.save_copy(again, again.show, run(again.show, 5), "20260102-030406")
    assert next_.name == "mine-20260102-030406.toml"


def test_a_copy_of_a_shipped_show_plays_where_it_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load.load("montage")
    out = save.save_copy(loaded, loaded.show, run(loaded.show, 5), "20260102-030405")
    assert out == tmp_path / "montage-20260102-030405.toml"
    assert load.load(str(out)).show.track is not None  # its file lies beside the copy
    (tmp_path / "montage.track.npz").write_bytes(b"other")
    with pytest.raises(ValueError, match="another file of that name is there"):
        save.save_copy(loaded, loaded.show, run(loaded.show, 5), "20260102-030406")


def test_models_beneath_the_show_are_named_by_where_they_lie(tmp_path: Path) -> None:
    networks = assets_dir("presets") / "networks"
    os.symlink(networks, tmp_path / "networks")
    text = (assets_dir("presets") / "minimal.toml").read_text("utf-8")
    (tmp_path / "own.toml").write_text(text, "utf-8")
    loaded = load.load(str(tmp_path / "own.toml"))
    out = save.save_copy(loaded, loaded.show, run(loaded.show, 5), "20260102-030405")
    assert '"networks/earth.safetensors"' in out.read_text("utf-8")
