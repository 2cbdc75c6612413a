"""What processes hold is told where the system tells it."""

from __future__ import annotations

import gc
import mmap
import os
import subprocess
import sys

import pytest

from engine.play.usage import FullCollections, open_files, private_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_memory_of_a_process() -> None:
    before = private_bytes(os.getpid())
    assert before
    with mmap.mmap(-1, size := 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as data:
        data.write(b"1" * size)  # new pages: what is freed already could be used again
        after = private_bytes(os.getpid())
    assert after is not None
    assert after - before >= size - (8 << 20)


OPENS = """
import os, sys
print("ready", flush=True)
sys.stdin.readline()
file = open(os.devnull)
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_open_files_of_a_process() -> None:
    """Of one that does nothing else: here others open and close files, too."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", OPENS], stdin=-1, stdout=-1, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        files = open_files(child.pid)
        child.stdin.write("open\n")
        child.stdin.flush()
        child.stdout.readline()
        assert files
        assert open_files(child.pid) == files + 1
        child.stdin.close()


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
