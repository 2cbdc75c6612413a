"""Whatever file a command is given: a code of the table, one sentence, never a traceback."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from engine.app.cli.main import cli
from tests.places import ROOT

if sys.platform != "linux":
    pytest.skip("it forks, and looks into /proc", allow_module_level=True)

from tests.product import fuzz


def test_every_command_with_hostile_files() -> None:
    """A part: `python -m tests.product.fuzz` tries them all."""
    command = [sys.executable, "-m", "tests.product.fuzz", "--few"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stderr.split(" trials")) == 2


def test_a_new_command_is_tried_by_itself(tmp_path: fuzz.Path) -> None:
    @click.command("new")
    @click.argument("thing", type=click.Path())
    @click.option("--count", type=int, required=True)
    def new(**_: object) -> None: ...

    group = click.Group(commands={"new": new, **cli.commands})
    tried = list(fuzz.trials(group, [tmp_path / "a", tmp_path / "b"], {"count": "3"}, tmp_path))
    assert {each.command for each in tried} >= {"new", "play", "model import", "take collect"}
    words = [each.words for each in tried if each.command == "new"]
    places = [str(tmp_path / "case" / name) for name in "ab"]
    assert words == [["new", "--count", "3", "--", place] for place in places]


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        (0, "", ""),
        (2, "Usage: latent-cinema x\nTry 'x'\n\nError: no.\n", ""),
        (78, "note: so\nlatent-cinema: a.toml: no\n", ""),
        (1, "Traceback (most recent call last):\nValueError: x\n", "for programmers"),
        (2, "latent-cinema: [Errno 2] No such file\n", "for programmers"),
        (2, "", "0 sentences"),
        (2, "Error: one\nError: two\n", "2 sentences"),
        (3, "", "ended with 3"),
        (-11, "", "ended with -11"),
        (-999, "", "ended with -999"),
        (2, f"Error: {'x' * 2000}\n", "without end"),
    ],
)
def test_the_rules(code: int, said: str, why: str) -> None:
    found = fuzz.wrong(fuzz.Outcome(code, said, 0.1))
    assert found.endswith(why) if why else not found


def test_what_crashes_or_waits_is_seen(
    tmp_path: fuzz.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @click.argument("how")
    def bad(how: str) -> None:
        {"crash": lambda: fuzz.os.kill(fuzz.os.getpid(), 9), "wait": fuzz.signal.pause}[how]()

    run = fuzz.run
    assert run(bad, ["crash"], tmp_path).code == -fuzz.signal.SIGKILL
    assert "Traceback" in run(bad, ["odd"], tmp_path).said
    monkeypatch.setattr(fuzz, "SILENT_S", 0.5)
    assert run(bad, ["wait"], tmp_path).code == -999
