"""A host without a process: a picture is drawn once for each size, and handed over once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.core.show.generator import Request
from engine.generators.registry import open_spec
from engine.play.pixels.still import StillHost
from tests.performing import descendants, until


def ask(width: int, height: int) -> Request:
    return Request(1.0, {}, {}, (width, height))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (400, 200), (10, 200, 30)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_picture_comes_once_for_each_size_and_no_process_stays(photo: Path) -> None:
    before = descendants(os.getpid())
    host = StillHost(open_spec("picture", {"path": str(photo)}))
    assert host.stats().doing == "is loading"
    host.ask(ask(100, 50))
    frame = until(host.newest, "the picture")
    assert frame.pixels.shape == (50, 100, 4)
    assert tuple(frame.pixels[7, 7]) == (10, 200, 30, 255)
    host.ask(ask(100, 50))
    assert host.newest() is None
    until(lambda: threading.active_count() == 1 or not host._thread.is_alive(), "its thread")
    host.ask(ask(1000, 1000))
    frame = until(host.newest, "the whole picture")
    assert frame.pixels.shape == (200, 400, 4)
    assert frame.pixels.dtype == np.uint8
    assert host.stats().state == "ready"
    assert host.stats().frames == 2
    assert descendants(os.getpid()) <= before


def test_a_picture_that_is_gone_is_said(photo: Path) -> None:
    opened = open_spec("picture", {"path": str(photo)})
    photo.unlink()
    host = StillHost(opened)
    host.ask(ask(100, 50))
    until(lambda: host.stats().state.startswith("failed: photo.png"), "the failure")
    assert host.newest() is None
