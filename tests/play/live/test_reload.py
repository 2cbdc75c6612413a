"""Editing while it plays: what is good is taken over, what is not is told, the show goes on."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.documents.show import load
from engine.play.live.reload import Reloader
from tests.performing import edit, play, replay, same_rows, until
from tests.places import SHOWS

GAIN = "/layer/wash/effect/tint/gain"
OPACITY = "/layer/wash/opacity"


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A show that may be edited, with its shaders beside it."""
    folder = tmp_path / "shows"
    shutil.copytree(SHOWS, folder)
    return folder / "wash.toml"


def loads(folder: Path) -> int:
    """How often a show was swapped in, as the take tells."""
    parts = (folder / "take" / "parts").glob("*.jsonl")
    return sum(p.read_text("utf-8").count('"/show/load"') for p in parts)


def test_good_edits_are_taken_over_and_bad_ones_are_told(tmp_path: Path, show: Path) -> None:
    tint = show.with_name("tint.fs")
    with play(tmp_path, show) as playing:
        playing.ready()
        edit(show, "gain = 0.75", "gain = 0.25")
        playing.hears("wash.toml: reloaded")
        until(lambda: loads(tmp_path) == 1, "the new value")

        edit(show, "opacity = 0.5", "opacity = = 0.5")
        playing.hears("not valid TOML")
        edit(show, "opacity = = 0.5", "opacity = 7.5")
        playing.hears("7.5 is outside 0 to 1")
        edit(show, "opacity = 7.5", "opacity = 0.625")
        until(lambda: loads(tmp_path) == 2, "the mended show")

        edit(tint, "pixel.rgb * gain", "pixel.rgb * gian")
        line = 1 + tint.read_text().split("\n").index(
            "    gl_FragColor = vec4(pixel.rgb * gian, pixel.a);"
        )
        playing.hears(f"tint.fs:{line}: ")
        edit(tint, "pixel.rgb * gian", "pixel.rgb * gain * gain")
        until(lambda: loads(tmp_path) == 3, "the mended shader")
        assert playing.end() == 0
        stats = playing.stats()
    assert "Traceback" not in playing.said
    assert playing.said.count("goes on") == 3
    plan = playing.plan()
    assert list(dict.fromkeys(plan[GAIN].tolist())) == [0.75, 0.25]
    assert list(dict.fromkeys(plan[OPACITY].tolist())) == [0.5, 0.625]
    assert np.array_equal(np.diff(plan["tick"]), np.ones(stats["ticks"] - 1))
    same_rows(plan, replay(tmp_path), stats["ticks"])


def test_shaders_of_the_master_are_reloaded_too(tmp_path: Path, show: Path) -> None:
    veil = show.with_name("veil.fs")
    veil.write_text(show.with_name("tint.fs").read_text("utf-8"), "utf-8")
    show.write_text(show.read_text("utf-8") + '[[master.effects]]\nshader = "veil"\n', "utf-8")
    with play(tmp_path, show) as playing:
        playing.ready()
        edit(veil, "pixel.rgb * gain", "pixel.rgb * gian")
        playing.hears("veil.fs:")
        edit(veil, "pixel.rgb * gian", "pixel.bgr * gain")
        until(lambda: loads(tmp_path) == 1, "the mended shader")
        edit(show, 'shader = "veil"', 'shader = "veil"\ninputs = { gain = 0.5 }')
        until(lambda: loads(tmp_path) == 2, "the new value")
        playing.end()
    assert playing.plan()["/master/effect/veil/gain"][-1] == 0.5


def test_what_was_touched_survives_a_reload(tmp_path: Path, show: Path) -> None:
    """A value that somebody set stays; what still stood at the old default takes the new one."""
    edit(show, "[output]", "[master]\nbrightness = 0.5\n\n[output]")
    edit(show, "schema = 1", 'schema = 1\nstart = "dim"')
    with play(tmp_path, show) as playing:
        playing.ready()
        edit(show, "brightness = 0.5", "brightness = 0.75")
        until(lambda: loads(tmp_path) == 1, "the new value")
        assert playing.end() == 0
    plan = playing.plan()
    assert plan["/master/brightness"][-1] == 0.75
    assert plan[OPACITY][-1] == 0.25  # as the cue left it


def poll(reloader: Reloader, playing: load.Loaded) -> load.Loaded | str:
    clock = iter(np.arange(1e6) * 0.02)
    return until(lambda: reloader.poll(playing.show, next(clock)), "an answer of the reloader")


def test_rates_cannot_change_while_it_plays(show: Path) -> None:
    loaded = load.load(str(show))
    reloader = Reloader(loaded)
    try:
        edit(show, "seed = 3", "seed = 3\npicture_hz = 50")
        assert "picture_hz changed" in str(poll(reloader, loaded))
        edit(show, "picture_hz = 50", "picture_hz = 60")
        found = poll(reloader, loaded)
        assert isinstance(found, load.Loaded)
        assert found.show.seed == 3
    finally:
        reloader.close()


def test_the_canvas_cannot_change_while_it_plays(show: Path) -> None:
    loaded = load.load(str(show))
    width, height = loaded.show.size_px
    reloader = Reloader(loaded)
    try:
        edit(show, f"size_px = [{width}, {height}]", f"size_px = [{2 * width}, {height}]")
        assert "size_px changed" in str(poll(reloader, loaded))
    finally:
        reloader.close()


def test_saving_without_a_change_reloads_nothing(show: Path) -> None:
    loaded = load.load(str(show))
    reloader = Reloader(loaded)
    try:
        edit(show, "seed = 3", "seed = 3")
        (show.parent / "tint.fs").touch()
        edit(show, "seed = 3", "seed = 9")
        found = poll(reloader, loaded)
        assert isinstance(found, load.Loaded)
        assert found.show.seed == 9
    finally:
        reloader.close()


def test_no_frame_compiles_two_shaders_nor_swaps_while_it_compiles(show: Path) -> None:
    """However many are edited at once: each is linked in a frame of its own, before the swap."""
    loaded = load.load(str(show))
    staged: list[str] = []
    reloader = Reloader(loaded, stage=lambda name, _: staged.append(name))
    try:
        for name, old in (("plain", "colour;"), ("tint", "pixel.a")):
            text = (show.parent / f"{name}.fs").read_text("utf-8")
            (show.parent / f"{name}.fs").write_text(text.replace(old, f"0.5 * {old}"), "utf-8")
        edit(show, "seed = 3", "seed = 9")
        counts: list[int] = []

        def is_swapped() -> bool:
            before = len(staged)
            found = reloader.poll(loaded.show, time.monotonic())
            counts.append(len(staged) - before + isinstance(found, load.Loaded))
            return isinstance(found, load.Loaded) and found.show.seed == 9

        until(is_swapped, "the edited show")
    finally:
        reloader.close()
    assert {"plain", "tint"} <= set(staged)
    assert max(counts) == 1


def test_a_shader_that_is_deleted_or_saved_half_leaves_the_old_one(show: Path) -> None:
    loaded, tint = load.load(str(show)), show.parent / "tint.fs"
    text = tint.read_text("utf-8")
    reloader = Reloader(loaded)
    try:
        tint.unlink()
        assert "there is no shader 'tint' beside the show" in str(poll(reloader, loaded))
        tint.write_text(text[: len(text) // 3], "utf-8")  # in the middle of the header
        said = str(poll(reloader, loaded))
        assert "tint.fs:1: " in said
        assert "the old show goes on" in said
        tint.write_text(text[:-3], "utf-8")
        said = str(poll(reloader, loaded))
        assert "tint.fs:" in said
        assert "the old shader goes on" in said
        tint.write_text(text.replace("pixel.a", "0.5"), "utf-8")
        assert isinstance(poll(reloader, loaded), load.Loaded)
    finally:
        reloader.close()


def test_a_take_holds_every_shader_that_was_played(tmp_path: Path, show: Path) -> None:
    with play(tmp_path, show) as playing:
        playing.ready()
        edit(show.parent / "plain.fs", "gl_FragColor = colour;", "gl_FragColor = colour.bgra;")
        until(lambda: loads(tmp_path) == 1, "the new shader")
        assert playing.end() == 0
    shutil.rmtree(show.parent)
    assert len(replay(tmp_path)["tick"]) == playing.stats()["ticks"]
    blobs = [p.read_text("utf-8") for p in (tmp_path / "take" / "blobs").iterdir()]
    assert sum("colour.bgra" in text for text in blobs) == 1
    assert sum(text.startswith('{"shaders"') or '"shaders"' in text for text in blobs) == 2
    assert all(json.loads(t)["show"].startswith("sha256:") for t in blobs if '"shaders"' in t)


def test_a_picture_that_is_replaced_is_seen(tmp_path: Path) -> None:
    """Of a layer, and of an image input of a shader."""
    path = tmp_path / "show.toml"
    path.write_text(
        'schema = 1\n[[layers]]\nid = "card"\nfile = "card.png"\n'
        '[[layers.effects]]\nshader = "mask"\nimages = { other = "mask.png" }\n'
    )
    (tmp_path / "mask.fs").write_text(
        '/*{ "INPUTS": [{ "NAME": "inputImage", "TYPE": "image" },'
        ' { "NAME": "other", "TYPE": "image" }] }*/\n'
        "void main() { gl_FragColor = IMG_THIS_PIXEL(other); }\n"
    )
    for name in ("card", "mask"):
        Image.new("RGB", (16, 16), "red").save(tmp_path / f"{name}.png")
    loaded = load.load(str(path))
    reloader = Reloader(loaded)
    try:
        Image.new("RGB", (16, 16), "lime").save(tmp_path / "mask.png")
        found = poll(reloader, loaded)
        assert not isinstance(found, str)
        assert tuple(found.show.pictures["file:mask.png"][0, 0]) == (0, 255, 0, 255)
        Image.new("RGB", (16, 16), "lime").save(tmp_path / "card.png")
        found = poll(reloader, found)
        assert not isinstance(found, str)
        assert list(found.replaced) == [str(tmp_path / "card.png")]
    finally:
        reloader.close()


BROUGHT = """/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}],
"IMPORTED": {"own": {"PATH": "in/own.png"}}}*/
varying vec2 place;
void main() { gl_FragColor = IMG_NORM_PIXEL(inputImage, place) * IMG_THIS_PIXEL(own); }
"""


def test_what_a_shader_brings_along_is_reloaded_with_it(tmp_path: Path, show: Path) -> None:
    folder = show.parent
    (folder / "in").mkdir()
    Image.new("RGB", (2, 2), (255, 255, 255)).save(folder / "in" / "own.png")
    (folder / "own.fs").write_text(BROUGHT)
    vertex = folder / "own.vs"
    vertex.write_text("varying vec2 place;\nvoid main() { place = isf_FragNormCoord; }\n")
    show.write_text(show.read_text("utf-8") + '[[layers.effects]]\nshader = "own"\n', "utf-8")
    with play(tmp_path, show) as playing:
        playing.ready()
        edit(vertex, "isf_FragNormCoord", "nothing")
        playing.hears("own.vs:2: ")
        edit(vertex, "nothing", "isf_FragNormCoord.yx")
        until(lambda: loads(tmp_path) == 1, "the mended vertex shader")
        Image.new("RGB", (2, 2), (0, 0, 0)).save(folder / "in" / "new.png")
        (folder / "in" / "new.png").replace(folder / "in" / "own.png")
        until(lambda: loads(tmp_path) == 2, "the new picture")
        playing.end()


def test_a_trial_that_takes_long_is_said_once(show: Path) -> None:
    loaded, tint = load.load(str(show)), show.parent / "tint.fs"
    reloader = Reloader(loaded)
    try:
        tint.write_text(tint.read_text("utf-8").replace("pixel.a", "0.25"), "utf-8")
        until(lambda: reloader.poll(loaded.show, 0.0) or reloader._waiting, "the trial")
        said = [reloader.trial(now_s) for now_s in (1.0, 3.0, 9.0)]
        assert "tint.fs" in said[1]
        assert said[0] == said[2] == ""
    finally:
        reloader.close()
