"""Nothing that is printed fails for a letter that the terminal or the file does not know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import stylegan_files
from tests.model_files import NETWORKS, golden

COMMAND = (sys.executable, "-m", "engine.app.cli.main")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "iso8859-1"])
def test_a_report_goes_into_a_file_of_any_encoding(tmp_path: Path, encoding: str) -> None:
    """Case field/05: the report was empty, and the reason a name of an encoding."""
    modules, state = golden(NETWORKS[0])
    model = stylegan_files.save(tmp_path / "→.safetensors", "stylegan2", state, modules)
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for words in (("model", "info", model), ("model", "info", tmp_path / "→.pkl")):
        done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, env=environment)
        assert b"codec" not in done.stderr
        assert b"Traceback" not in done.stderr
        assert (done.stdout if words[-1] == model else done.stderr).strip()
        assert done.returncode == (0 if words[-1] == model else 2)


def test_the_doctors_too(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([*COMMAND, "doctor"], capture_output=True, env=environment)
    assert done.returncode in (0, 1), done.stderr
    assert b"python" in done.stdout
