"""docs/adding.md: every file on the page is taken from there and runs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.performing import COMMAND, LIMIT_S, until
from tests.places import ROOT

BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
FILES = dict(BLOCK.findall((ROOT / "docs" / "adding.md").read_text("utf-8")))
ENTRY_POINTS = """
[latent_cinema.generators]
bars = bars
[latent_cinema.sources]
swell = swell
[latent_cinema.outputs]
lamp = lamp
"""
HEAD = """
schema = 1
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
speed = 0.5
"""
SHOWS = {
    "swing": 'motion = "swing"\n',
    "calm": 'motion = "still"\n',
    "shaking": 'motion = "still"\ntremor = 0.5\n',
    "toggled": """motion = "still"
[[modulators]]
id = "flip"
kind = "toggle"
gate = "beat/pulse"
[[routes]]
signal = "mod/flip"
target = "/layer/form/path/seed"
depth = 1.0
""",
}


def lay_out(folder: Path) -> None:
    """Write the page's files, installed as a package of one's own."""
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    info = folder / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)


def test_the_page_has_a_file_for_each_recipe() -> None:
    assert set(FILES) == {
        "bars.py", "swell.py", "lamp.py", "parts.toml", "swing.py", "tremor.py", "toggle.py",
        "vignette.fs",
    }  # fmt: skip


def test_generator_source_output_and_effect_play_together(tmp_path: Path) -> None:
    lay_out(tmp_path)
    words = ["--osc", "127.0.0.1:0", "--audio", "off", "--device", "cpu"]
    lamp = tmp_path / "lamp.txt"

    def lit() -> bool:
        rows = lamp.read_text("utf-8").splitlines() if lamp.exists() else []
        return any(" 0.0 0.0 0.0" not in row for row in rows)

    with (tmp_path / "stderr").open("w") as err:
        process = subprocess.Popen(
            [*COMMAND, "play", str(tmp_path / "parts.toml"), *words],
            cwd=tmp_path, stderr=err, env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        )  # fmt: skip
        try:
            until(lambda: lit() or process.poll() is not None, "a lit picture")
            process.send_signal(signal.SIGINT)
            assert process.wait(LIMIT_S) == 0, (tmp_path / "stderr").read_text()
        finally:
            process.kill()
    rows = np.loadtxt(lamp, ndmin=2)
    assert rows[:, 1:].max() > 0.0  # the bars were seen
    np.testing.assert_allclose(rows[:, 1], rows[:, 3], atol=1.0)  # they are grey


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Latents of four shows, in a copy of the engine with one file and one row more of each."""
    folder = tmp_path_factory.mktemp("engine")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=ignore)
    for room, name in (("motions", "swing"), ("modifiers", "tremor"), ("modulators", "toggle")):
        shelf = folder / "engine" / "core" / room
        (shelf / f"{name}.py").write_text(FILES[f"{name}.py"], "utf-8")
        table, row = shelf / "table.py", f"({name.upper()},)"
        more = f"\nfrom engine.core.{room}.{name} import {name.upper()}\n{room.upper()} += {row}\n"
        table.write_text(table.read_text("utf-8") + more, "utf-8")
    found = {}
    for name, lines in SHOWS.items():
        show, out = folder / f"{name}.toml", folder / f"{name}.npz"
        show.write_text(HEAD + lines, "utf-8")
        done = subprocess.run(
            [*COMMAND, "plan", show, "--fps", "28", "--frames", "57", "--out", out],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True,
            text=True, timeout=LIMIT_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with np.load(out) as file:
            found[name] = file["/layer/form/generator/z"].astype(np.float64)
    return found


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.arccos(a @ b / np.sqrt((a @ a) * (b @ b))))


def test_a_motion_is_one_file_and_one_row(plans: dict[str, np.ndarray]) -> None:
    z = plans["swing"]
    assert angle(z[0], z[14]) == pytest.approx(np.pi / 2, abs=1e-4)  # after a quarter of the way
    np.testing.assert_allclose(z[56], z[0], atol=1e-4)


def test_a_modifier_is_one_file_and_one_row(plans: dict[str, np.ndarray]) -> None:
    calm, shaking = plans["calm"], plans["shaking"]
    np.testing.assert_array_equal(shaking[0], calm[0])
    assert angle(calm[1], shaking[1]) == pytest.approx(0.5, abs=1e-4)  # 1/28 s: a quarter turn


def test_a_modulator_is_one_file_and_one_row(plans: dict[str, np.ndarray]) -> None:
    calm, toggled = plans["calm"], plans["toggled"]  # 120 beats a minute: 14 frames each
    np.testing.assert_array_equal(toggled[13], calm[0])
    assert angle(toggled[14], calm[0]) > 1.0
    np.testing.assert_array_equal(toggled[28], calm[0])
    np.testing.assert_array_equal(toggled[42], toggled[14])
