"""The check of a GPU, tried out without one: every line but the device, in one command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.app.setup import gpu

NAMES = [
    "context", "sharing", "worker", "precision", "waits", "sg2-32", "sg3t-32", "kernels", "display",
    "restart",
]  # fmt: skip


def test_the_dry_check_tries_everything_and_writes_one_file(tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    done = subprocess.run(
        [sys.executable, "-m", "engine.app.cli.main", "doctor", "--gpu", "--dry", "--out", out],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(out.read_text("utf-8"))
    lines = {line["name"]: line for line in document["lines"]}
    assert list(lines) == NAMES
    assert all(line["ok"] for line in lines.values())
    assert document["versions"]["torch"]
    assert 0 < lines["precision"]["figures"]["sg3t-32"] < gpu.HALF_LIMIT  # in float16, truly
    assert set(lines["sg2-32"]["figures"]) >= {"plain_ms", "apart"}
    assert len(lines["kernels"]["figures"]) == 10
    assert done.stdout.splitlines()[-1] == f"written to {out}"


def test_without_a_gpu_the_first_line_says_so_and_the_rest_is_left_out(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    assert gpu.run(is_dry=False, as_json=False, out=tmp_path / "found.json") == 1
    (line,) = json.loads((tmp_path / "found.json").read_text("utf-8"))["lines"]
    assert line["found"] == "torch finds no cuda device here"
    assert "driver" in line["cure"]


def test_a_line_that_fails_names_its_cure_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(self: Any, *_: Any) -> gpu.Line:
        return gpu.Line("x", True, "")

    for name in ("_sharing", "_worker", "_waits", "_speed", "_kernels", "_display", "_restart"):
        monkeypatch.setattr(gpu.Trial, name, nothing)

    def fail(self: Any) -> gpu.Line:
        raise RuntimeError("CUDA error: an illegal\nmemory access")

    monkeypatch.setattr(gpu.Trial, "_precision", fail)
    assert gpu.run(is_dry=True, as_json=True, out=tmp_path / "found.json") == 1
    lines = json.loads(capsys.readouterr().out)["lines"]
    (failed,) = (line for line in lines if not line["ok"])
    assert failed["found"] == "RuntimeError: CUDA error: an illegal memory access"
    assert failed["cure"]
    assert len(lines) == len(NAMES)
