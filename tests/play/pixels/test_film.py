"""The pictures of a film: what goes wrong with one names its layer."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.generators.host import inline_host
from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback
from tests.places import SHOWS


def test_a_generator_of_wrong_pixels_is_named_with_its_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case field/17: the error of an installed generator had no layer."""
    real = inline_host.finish

    def two_channels(pixels: Any) -> Any:
        return real(np.zeros((1, 2, *pixels.shape[2:]), np.float32))

    monkeypatch.setattr(inline_host, "finish", two_channels)
    job = Job(tmp_path / "x-%02d.png", to_s=0.1)
    with pytest.raises(ValueError, match=r"^layer form \(cppn\): a generator gives pixels of"):
        render(open_playback(str(SHOWS / "tiny.toml")), job, StringIO())
