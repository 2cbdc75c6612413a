"""What processes hold is told where the system tells it."""

from __future__ import annotations

import gc
import mmap
import os
import sys

import pytest

from engine.play.usage import FullCollections, open_files, private_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_memory_and_files_of_a_process() -> None:
    before, files = private_bytes(os.getpid()), open_files(os.getpid())
    assert before
    assert files
    with mmap.mmap(-1, size := 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as data:
        data.write(b"1" * size)  # new pages: what is freed already could be used again
        after = private_bytes(os.getpid())
    assert after is not None
    assert after - before >= size - (8 << 20)
    with open(os.devnull):
        assert open_files(os.getpid()) == files + 1


def test_a_process_that_is_not_there_is_told_nothing_of() -> None:
    assert private_bytes(2**31 - 1) is open_files(2**31 - 1) is None


def test_full_collections_are_counted_and_young_ones_are_not() -> None:
    counted = FullCollections()
    counted.begin()
    gc.collect()
    gc.collect(0)
    gc.collect(1)
    counted.end()
    gc.collect()
    assert counted.count == 1
