"""What neither memory nor disk can hold is refused before anything is rendered."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine.outputs.film import film
from engine.play.film import job

FPS = Fraction(30)


def test_too_large_a_film_is_refused_with_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "available_bytes", lambda: 8_000_000_000)
    whole = job.Job(tmp_path / "film.mp4")
    job.check_room(whole, (3840, 2160), 1000, FPS)
    with pytest.raises(ValueError, match=r"needs about 10\.7 GB of memory and 8\.0 GB are free"):
        job.check_room(whole, (16384, 8192), 1, FPS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000_000))
    pictures = job.Job(tmp_path / "f-%05d.png", first=1000)
    job.check_room(pictures, (1000, 1000), 11_000, FPS)
    with pytest.raises(ValueError, match=r"need at least 2\.0 GB of disk and 1\.0 GB are free"):
        job.check_room(pictures, (1000, 1000), 21_000, FPS)


def test_a_film_that_may_not_fit_is_told_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "available_bytes", lambda: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000_000))
    whole = job.Job(tmp_path / "film.mp4", crf=16)
    assert job.check_room(whole, (1000, 1000), 1200, FPS) == ""
    told = job.check_room(whole, (1000, 1000), 2000, FPS)
    assert "2000 pictures take up to 1.6 GB" in told
    assert "1.0 GB of disk are free" in told
    assert job.check_room(job.Job(whole.out, crf=40), (1000, 1000), 2000, FPS) == ""
    assert job.check_room(job.Job(whole.out, first=1000), (1000, 1000), 2000, FPS) == ""
    assert job.check_room(job.Job(tmp_path / "no" / "film.mp4"), (1000, 1000), 2000, FPS) == ""


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_no_film_is_larger_than_it_may_be(tmp_path: Path, codec: str) -> None:
    """Noise is what a codec can do least with."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 90, 160, 3), np.uint8)
    for crf, most in zip(*job.FILM_BYTES_A_PIXEL, strict=True):
        path = tmp_path / f"{crf}.mp4"
        with film.open(film.Config(path, codec, crf), (160, 90), FPS) as output:
            for number, pixels in enumerate(noise):
                picture = SimpleNamespace(read=lambda _, pixels=pixels: pixels)
                output.write(number, picture)
        assert path.stat().st_size <= most * noise.size / 3 + 4096
