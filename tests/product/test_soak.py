"""The soak tells a leak, a full collection and files that stay open."""

from __future__ import annotations

from bench import soak


def test_a_leak_a_collection_and_a_lost_file_are_told() -> None:
    good = {
        "full_collections": 0, "frames_measured": 60_000,
        "bytes_a_frame": {"main": 1.9, "form": None}, "files_gained": {"main": 0, "form": None},
    }  # fmt: skip
    assert soak.faults(good) == []
    bad = {**good, "full_collections": 1, "bytes_a_frame": {"main": 2.1}}
    bad["files_gained"] = {"main": 3}
    assert len(soak.faults(bad)) == 3
    short = {**good, "frames_measured": 20_000, "bytes_a_frame": {"main": 100.0, "form": 110.0}}
    assert len(soak.faults(short)) == 1
