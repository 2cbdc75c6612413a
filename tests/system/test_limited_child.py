"""A limited child gives its result, or one sentence: whatever the data makes of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.system.limited_child import Bounds, ChildError, RefusedError, ask
from engine.system.untrusted import read_bytes

BOUNDS = Bounds(256 << 20, 5)


def task(name: str, bounds: Bounds = BOUNDS, data: bytes = b"", **job: object) -> object:
    return ask(f"tests.stand_ins.child_tasks:{name}", job, bounds, data)


def test_a_task_is_done_with_bytes_and_words() -> None:
    assert task("count", data=b"x" * 3_000_000, more=7) == [3_000_000, 7]


def test_its_own_refusal_comes_back_as_it_is() -> None:
    with pytest.raises(RefusedError, match=r"^line 3: no such thing; take it out$"):
        task("refuse")


@pytest.mark.parametrize(
    ("name", "bounds", "told"),
    [
        ("spin", Bounds(256 << 20, 1), "takes longer to read"),
        ("grow", BOUNDS, "takes more memory"),
        ("nest", BOUNDS, "nested without end"),
        ("crash", BOUNDS, "could not be read .*; if another program reads it, report this"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="bounds of POSIX")
def test_what_never_ends_or_dies_is_one_sentence(name: str, bounds: Bounds, told: str) -> None:
    begin = time.process_time()
    with pytest.raises(ChildError, match=told) as caught:
        task(name, bounds)
    assert "\n" not in str(caught.value)
    assert time.process_time() - begin < 2.0


@pytest.mark.parametrize("deed", ["write", "remove", "start", "link", "connect"])
def test_a_reader_does_nothing_else(tmp_path: Path, deed: str) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"kept")
    with pytest.raises(ChildError, match=r"never does this|Permission"):
        task("misbehave", path=str(path), deed=deed)
    assert path.read_bytes() == b"kept"
    assert os.listdir(tmp_path) == ["kept"]


def test_only_regular_files_of_a_size_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(ValueError, match="larger than"):
        read_bytes(path, 4)
    with pytest.raises(OSError, match=r"regular file|directory|denied"):
        read_bytes(tmp_path, 9)
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "none", 9)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="regular file"):
            read_bytes(tmp_path / "pipe", 9)
        with pytest.raises(OSError, match="regular file"):
            read_bytes(Path("/dev/zero"), 9)
