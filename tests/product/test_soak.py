"""The soak tells a leak, a full collection and files that stay open."""

from __future__ import annotations

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


@pytest.mark.skipif(allocated_bytes() is None, reason="glibc counts what is allocated")
def test_what_is_allocated_does_not_grow_and_a_leak_of_64_bytes_a_frame_is_found() -> None:
    show = str(SHOWS / "tiny.toml")
    found = soak.soak(show, "32x18", frames=8000)
    assert soak.faults(found) == []
    assert found["bytes_a_frame"]["main"] is not None
    # The same window: earlier a sound player grows as fast, and the leak would prove nothing.
    leaky = soak.soak(show, "32x18", frames=8000, leak=64)
    assert any(told.startswith("main: ") for told in soak.faults(leaky))
    assert leaky["bytes_a_frame"]["main"] > found["bytes_a_frame"]["main"] + 32.0
