"""What a performance found comes home: latents, keys and lessons as files that shows name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import CliRunner

from engine.app.cli.main import cli
from engine.core.event import Event
from engine.core.frame.sample import latents
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.documents.take.recorder import Recorder
from engine.play.line import Line

SHOW = """
schema = 1
seed = 7
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
speed = 1.0
inputs = 2
{more}
"""
ROOT = "/layer/form/path"


def perform(folder: Path) -> list[State]:
    """Walk for three seconds; drop two keys and teach two places on the way."""
    text = SHOW.format(more="")
    show = load.read(text, "test", str)[0]
    events = {
        60: [(f"{ROOT}/drop_key", True), (f"{ROOT}/map_1", 0.1), (f"{ROOT}/map_2", 0.9)],
        150: [(f"{ROOT}/teach", True)],
        200: [(f"{ROOT}/drop_key", True), (f"{ROOT}/map_1", 0.8)],
        320: [(f"{ROOT}/teach", True)],
    }
    line = Line(show, first_state(show), -1, {})
    take = Recorder(folder, show, text, header={})
    states: list[State] = [line.state]
    for tick in range(360):
        found = [Event(tick, a, v, "t", i) for i, (a, v) in enumerate(events.get(tick, []))]
        line.tick(tick, found)
        take.tick(show, states[-1], found, line.state)
        states.append(line.state)
    take.close()
    assert take.error == ""
    return states[1:]


def test_what_was_found_live_is_a_show_again(tmp_path: Path) -> None:
    states = perform(tmp_path / "take")
    show = load.read(SHOW.format(more=""), "test", str)[0]

    def was(tick: int) -> np.ndarray:
        return latents(show, states[tick], tick / 120)["/layer/form/generator/z"]

    out = tmp_path / "home"
    done = CliRunner().invoke(cli, ["gather", str(tmp_path / "take"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert 'keys = ["form.z.keys.npz"]' in done.output
    assert np.array_equal(np.load(out / "form.z.latent.npz")["z"][0], was(359))
    keys = np.load(out / "form.z.keys.npz")["z"]
    assert np.allclose(keys, [was(60), was(200)], atol=1e-6)

    def read(more: str) -> np.ndarray:
        found = load.read(
            SHOW.format(more=more), "test", str, lambda name: (out / name).read_bytes()
        )[0]
        line = Line(found, first_state(found), -1, {})
        for tick in range(601):
            told = [Event(tick, f"{ROOT}/map_1", 0.1), Event(tick, f"{ROOT}/map_2", 0.9)]
            line.tick(tick, told)
        return latents(found, line.state, 5.0)["/layer/form/generator/z"]

    again = read('motion = "keys"\nkeys = ["form.z.keys.npz"]\noffset = -5.0')
    assert np.allclose(again, was(60), atol=1e-5)
    mapped = read('motion = "map"\nmap = "form.z.map.npz"').astype(float)
    assert np.allclose(
        mapped, was(150), atol=1e-2
    )  # the controllers glided there when it was taught


def test_a_moment_outside_a_take_is_refused(tmp_path: Path) -> None:
    perform(tmp_path / "take")
    words = ["gather", str(tmp_path / "take"), "--out", str(tmp_path / "home")]
    done = CliRunner().invoke(cli, [*words, "--at", "9"])
    assert done.exit_code != 0
    assert "from 0 to 3 s" in done.output
    done = CliRunner().invoke(cli, [*words, "--at", "0.5"])
    assert done.exit_code == 0
    assert not (tmp_path / "home" / "form.z.map.npz").exists()
