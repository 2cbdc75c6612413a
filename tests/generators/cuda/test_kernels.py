"""The kernels compile for real architectures, within the bounds of a multiprocessor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

pytest.importorskip("triton", reason="triton is not installed")


@pytest.mark.parametrize("architecture", ["75", "80", "90", "120"])
def test_no_kernel_spills_or_takes_too_much(architecture: str, tmp_path: Path) -> None:
    """In a process of its own: kernels that are interpreted here cannot be compiled any more."""
    kept = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.gpu_compile", architecture],
        env={**kept, "TRITON_CACHE_DIR": str(tmp_path)},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("registers") >= 4
    if architecture == "90":
        lines = [line for line in done.stdout.splitlines() if "filtered_lrelu" in line]
        assert all(" 0 on tensor cores" not in line for line in lines)
