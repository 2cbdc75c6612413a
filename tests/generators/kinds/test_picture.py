"""Pictures as layers: what of a file is not seen as it is meant is told when the show is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.generators import registry

SHOW = """schema = 1
[[layers]]
id = "photo"
file = "photo.png"
"""


def notes_of(folder: Path) -> tuple[str, ...]:
    (folder / "mine.toml").write_text(SHOW, "utf-8")
    return load.load(str(folder / "mine.toml")).show.notes


def test_what_is_left_out_of_it_is_told_and_told_anew_when_it_is_replaced(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((8, 8), 32768, np.uint16))
    grey.save(tmp_path / "photo.png")
    assert notes_of(tmp_path) == ("layer photo: photo.png: of its 16 bits 8 are used",)
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png", icc_profile=b"nonsense")
    (told,) = notes_of(tmp_path)
    assert told.startswith("layer photo: photo.png: its colour profile cannot be followed")
    Image.new("RGB", (9, 8)).save(tmp_path / "photo.png")
    assert notes_of(tmp_path) == ()


@pytest.mark.parametrize(("name", "cure"), [
    ("drawing.svg", "save it as one of them"), ("phone.heic", "save it as one of them"),
])  # fmt: skip
def test_what_no_layer_shows_is_refused_with_a_cure(tmp_path: Path, name: str, cure: str) -> None:
    (tmp_path / name).write_bytes(b"<svg/>")
    (tmp_path / "mine.toml").write_text(SHOW.replace("photo.png", name), "utf-8")
    with pytest.raises(ShowError, match=cure):
        load.load(str(tmp_path / "mine.toml"))


def test_a_kind_without_notes_has_none() -> None:
    assert registry.open_spec("cppn", {}).notes == ()
