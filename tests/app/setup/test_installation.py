"""The workflow files say what the commands understand; nothing runs them here."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from engine.app.setup import installation

ROOT = Path(__file__).parents[3]
STEPS = [
    (path.name, step)
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    for step in path.read_text("utf-8").split("\n      - ")[1:]
    if "run: " in step
]


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_each_step_is_a_command_that_there_is(name: str, step: str) -> None:
    line = step.partition("run: ")[2].splitlines()[0]
    words = shlex.split(line.partition("|")[0])
    assert words[1] == "-m", name
    if words[2] == "engine.app.bootstrap":
        installation.parse(words[3:])
    else:
        assert (ROOT / words[2].replace(".", "/")).with_suffix(".py").is_file()
        text = (ROOT / words[2].replace(".", "/")).with_suffix(".py").read_text("utf-8")
        options = [word for word in words[3:] if word.startswith("--")]
        assert all(f'"{option}"' in text for option in options)
    assert "|" not in line or "shell: bash" in step, "a pipe hides what fails before it"


def test_there_are_steps() -> None:
    assert len(STEPS) >= 4
