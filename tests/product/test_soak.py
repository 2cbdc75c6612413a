"""The soak tells a leak, a full collection and files that stay open."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench import soak
from bench.soak_worker import allocated_bytes
from tests.places import SHOWS


def test_a_leak_a_collection_and_a_lost_file_are_told() -> None:
    good = {
        "full_collections": 0, "frames_measured": {"main": 60_000, "form": 60_000},
        "bytes_a_frame": {"main": 1.9, "form": 1.9}, "files_gained": {"main": 0, "form": None},
    }  # fmt: skip
    assert soak.faults(good) == []
    bad = {**good, "full_collections": 1, "bytes_a_frame": {"main": 2.1, "form": 2.1}}
    bad["files_gained"] = {"main": 3}
    assert len(soak.faults(bad)) == 4
    short = {**good, "bytes_a_frame": {"main": 1.9, "form": 29.0}}
    short["frames_measured"] = {"main": 60_000, "form": 20_000}
    assert soak.faults(short) == []
    short["bytes_a_frame"] = {"main": 1.9, "form": 30.0}
    assert len(soak.faults(short)) == 1


COUNTED = pytest.mark.skipif(allocated_bytes() is None, reason="glibc counts what is allocated")
LEAK = """
import json
from bench.soak_worker import allocated_bytes
lost, rows = [], []
for frame in range(4000):
    lost.append(bytes(23))  # 56 with its head
    if frame % 100 == 0:
        rows.append((frame, allocated_bytes()))
print(json.dumps(rows))
"""


@COUNTED
def test_what_is_allocated_does_not_grow() -> None:
    found = soak.soak(str(SHOWS / "tiny.toml"), "32x18", frames=8000)
    assert soak.faults(found) == []
    assert abs(found["bytes_a_frame"]["main"]) < 16.0  # so that no leak hides in what is given back


@COUNTED
def test_a_leak_of_64_bytes_a_frame_is_found() -> None:
    counting = {**os.environ, "PYTHONMALLOC": "malloc"}
    done = subprocess.run(
        [sys.executable, "-c", LEAK], env=counting, capture_output=True, check=True
    )
    assert 48.0 < soak._slope(json.loads(done.stdout)) < 96.0
