"""Colour of the finished picture: keys, parameters, and the look that a take keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.colour.grade import TONE_MAPS, Grade
from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.show.saving import save
from engine.documents.take.content_store import manifest, read_show
from engine.system.atomic import write_bytes
from tests.making import FORM, GLOW, run

CUBE = b"LUT_1D_SIZE 2\n0 0 0\n1 1 0.5\n"
TEXT = f"""schema = 1
[master.colour]
exposure = 1.5
temperature = -20
tone_map = "aces"
lut = "looks/dusk.cube"
{FORM}"""


def graded(show: Show, *events: tuple[int, str, float | str]) -> Grade:
    """Colour of the frame at tick 3."""
    return sample(show, run(show, 3, events), 3 / 120).grade


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "dusk.cube").write_bytes(CUBE)
    (tmp_path / "glow.fs").write_text(GLOW, "utf-8")
    (tmp_path / "mine.toml").write_text(TEXT, "utf-8")
    return tmp_path / "mine.toml"


def test_keys_and_addresses_reach_the_plan(mine: Path) -> None:
    show = load.load(str(mine)).show
    grade = graded(show)
    assert grade[:7] == (1.5, -20.0, 0.0, 1.0, 1.0, 2, 1.0)
    assert grade.is_blue
    assert grade.lut is not None
    moved = graded(show, (1, "/master/tone_map", "agx"), (1, "/master/lut_mix", 0.25))
    assert (TONE_MAPS[moved.tone_map], moved.lut_mix) == ("agx", 0.25)


def test_a_show_without_the_table_rests_and_keeps_its_dither() -> None:
    show = load.read(f"schema = 1{FORM}", "a", lambda name: GLOW)[0]
    grade = graded(show)
    assert grade.rests
    assert not grade.is_blue
    assert graded(show, (1, "/master/exposure", 1.0)).exposure == 1.0


def test_a_take_keeps_the_look_by_its_content(mine: Path, tmp_path: Path) -> None:
    name, blobs = manifest(TEXT, load.load(str(mine)).show)
    assert CUBE in blobs.values()
    (tmp_path / "take" / "blobs").mkdir(parents=True)
    for blob, data in blobs.items():
        write_bytes(tmp_path / "take" / "blobs" / blob.removeprefix("sha256:"), data)
    (tmp_path / "looks" / "dusk.cube").write_bytes(b"LUT_1D_SIZE 2\n1 1 1\n0 0 0\n")
    lut = read_show(tmp_path / "take", name).master.colour.lut
    assert lut is not None
    assert lut.curves is not None
    assert lut.curves.values.tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 0.5]]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("exposure = 1.5", "exposure = 11", "/master/exposure: 11 is outside -10 to 10"),
        ('"aces"', '"film"', "master.colour.tone_map: 'film' is not allowed; allowed are: none"),
        ("dusk", "dawn", "dawn.cube: cannot be read: there is no such file"),
        ('lut = "looks/', 'lut = "../', "leads out of the folder"),
    ],
)
def test_what_is_wrong_is_said(mine: Path, old: str, new: str, said: str) -> None:
    mine.write_text(TEXT.replace(old, new), "utf-8")
    with pytest.raises(load.ShowError) as error:
        load.load(str(mine))
    assert said in str(error.value)


def test_a_broken_look_is_named_with_its_line(mine: Path) -> None:
    (mine.parent / "looks" / "dusk.cube").write_bytes(CUBE.replace(b"0.5", b"-"))
    with pytest.raises(load.ShowError, match=r"master.colour.lut: looks/dusk.cube:3: '1 1 -' is"):
        load.load(str(mine))


def test_a_copy_says_what_was_moved(mine: Path) -> None:
    loaded = load.load(str(mine))
    state = run(loaded.show, 3, [(1, "/master/saturation", 0.5)])
    copy = load.load(str(save.save_copy(loaded, loaded.show, state, "20260101-000000")))
    assert copy.table.master.colour is not None
    assert copy.table.master.colour.saturation == 0.5
    assert copy.table.master.colour.lut == "looks/dusk.cube"
