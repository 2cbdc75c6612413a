"""What neither memory nor disk can hold is refused before anything is rendered."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.play.film import job


def test_too_large_a_film_is_refused_with_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "available_bytes", lambda: 8_000_000_000)
    film = job.Job(tmp_path / "film.mp4")
    job.check_room(film, (3840, 2160), 1000)
    with pytest.raises(ValueError, match=r"needs about 10\.7 GB of memory and 8\.0 GB are free"):
        job.check_room(film, (16384, 8192), 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000_000))
    pictures = job.Job(tmp_path / "f-%05d.png", first=1000)
    job.check_room(pictures, (1000, 1000), 11_000)
    with pytest.raises(ValueError, match=r"need at least 2\.0 GB of disk and 1\.0 GB are free"):
        job.check_room(pictures, (1000, 1000), 21_000)
