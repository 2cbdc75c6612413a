"""Pictures are decoded in a child; what ends the child ends nothing else."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.lab.data import batches, folder
from engine.system.foreign import picture_file
from engine.system.limited_child import ChildError, RefusedError


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def read(data: bytes, most_pixels: int = picture_file.MOST_PIXELS) -> np.ndarray:
    return next(picture_file.read([data], most_pixels))


def test_several_are_read_up_to_the_first_that_is_none() -> None:
    files = [png(np.full((n, 3, 3), n, np.uint8)) for n in (2, 4)]
    said = picture_file.read([*files, b"none", files[0]])
    assert [next(said).shape, next(said).shape] == [(2, 3, 3), (4, 3, 3)]
    with pytest.raises(RefusedError, match="no picture of a kind that is read"):
        next(said)


def test_a_picture_comes_as_it_is() -> None:
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    np.testing.assert_array_equal(read(png(pixels)), pixels)
    clear = np.dstack([pixels, np.full((5, 7), 255, np.uint8)])
    clear[0, 0, 3] = 0
    np.testing.assert_array_equal(read(png(clear))[0, :2], [[0, 0, 0], [3, 4, 5]])


@pytest.mark.parametrize("data", [b"", b"none", b"\x89PNG\r\n\x1a\n", b"\n{}\n"])
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match=r"no picture of|broken|truncated|cannot"):
        read(data)


def test_memory_of_a_picture_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = png(np.zeros((9000, 9000), np.uint8))
    with pytest.raises(RefusedError, match="has 9000×9000 pixels, too many"):
        read(bomb, 80_000_000)
    monkeypatch.setattr(picture_file, "MEMORY_BYTES", 320 << 20)
    with pytest.raises(ChildError, match="more memory than any honest file"):
        read(bomb)


def ends(paths: list[Path], job: dict[str, str]) -> tuple[dict[str, str], bytes]:
    """A task that one file ends, whatever it does."""
    if paths[0].name == job["bad"]:
        os._exit(9)
    return {"name": paths[0].name}, paths[0].name.encode()


def test_one_file_that_ends_its_child_costs_no_other(tmp_path: Path) -> None:
    names = [[f"{n}.png"] for n in range(11)]
    for (name,) in names:
        (tmp_path / name).touch()
    said = list(batches.read(f"{__name__}:ends", tmp_path, names, {"bad": "6.png"}, 4))
    assert [each[0] for each in said] == names
    assert [bytes(data).decode() for _, _, data in said] == [
        "" if name == "6.png" else name for (name,) in names
    ]
    assert "could not be read (code 9)" in json.dumps(said[6][1])
    assert all(row == {"name": name} for (name,), row, _ in said if name != "6.png")


@pytest.mark.skipif(os.name != "posix", reason="the case is a pipe")
def test_a_folder_tells_what_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(np.zeros((8, 8, 3), np.uint8)))
    (tmp_path / "b.png").write_bytes(png(np.ones((8, 8, 3), np.uint8))[:40])
    (tmp_path / "c.png").write_text("no picture")
    (tmp_path / "d.txt").write_text("a text")
    report = folder.check(tmp_path, 16)
    assert report.files == ["a.png"]
    assert report.small == ["a.png"]
    assert report.broken["c.png"] == "it is no picture of a kind that is read"
    assert sorted(report.broken) == ["b.png", "c.png"]
    assert report.others == 1
