"""The archive behind a network: its index, the nearest pictures, and the layer that shows them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from engine.app.cli.main import cli
from engine.compositor.compose import Compositor
from engine.core.event import Event
from engine.core.show.generator import Request
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.documents.show.model_files import with_whole_paths
from engine.generators.archive import features
from engine.generators.archive import index as indexes
from engine.generators.archive import sheet as hanging
from engine.generators.archive.index import Entry, Index, Match
from engine.generators.archive.licence import allows_copies
from engine.generators.kinds import nearest
from engine.lab.data import pictures
from engine.lab.gan.generator import network_of
from engine.lab.training import archive_index as making
from engine.lab.training import checkpoint
from engine.models import card, safetensors
from engine.models.unpickle.inert import RefusedError
from engine.play.line import Line, draw, load_shaders
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.film import FilmPixels
from engine.system.atomic import open_new
from tests.training import discs, factors, save_pictures, small_trainer

SIDE, COUNT = 32, 90
Change = Callable[[dict[str, Any], dict[str, Any]], None]
CREDITS = """
credit = "A. Painter"
licence = "CC-BY-4.0"
[files]
"0003.png" = { title = "Not to be copied", licence = "all rights reserved" }
"0004.png" = { title = "Fourth\\u001b[31m \\u202eturned", licence = "CC0-1.0", credit = "B. Giver" }
"""


@pytest.fixture(autouse=True, scope="module")
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has just begun to learn discs, with all that its training leaves."""
    folder = tmp_path_factory.mktemp("archive")
    save_pictures(folder / "discs", discs(COUNT, SIDE))
    (folder / "discs" / "credits.toml").write_text(CREDITS, "utf-8")
    ready = pictures.prepare(folder / "discs", folder / "discs.train" / "ready", SIDE)
    trainer = small_trainer(ready.pictures)
    for _ in range(3):
        trainer.advance()
    tensors, numbers = trainer.state()
    shape, settings = trainer.shape, trainer.settings
    start = {
        "shape": {name: getattr(shape, name) for name in shape.__slots__},
        "settings": {name: getattr(settings, name) for name in settings.__slots__},
        "pictures": ready.sha256,
        "turned": [True, False],
    }
    state = folder / "discs.train" / "state.safetensors"
    checkpoint.write_state(state, tensors, {**numbers, "start": start, "spent_s": 1.0})
    out = folder / "discs.safetensors"
    made = network_of(trainer.mean, origin="a test", data_set="discs", licence="CC-BY-4.0")
    with open_new(out) as file:
        card.write(file, made, half=True)
    (folder / "discs" / "credits.toml").unlink()  # the folder is needed no more
    return out


@pytest.fixture(scope="module")
def path(model: Path) -> Path:
    out = indexes.path_beside(model)
    making.write_index(
        model.with_suffix(".train"), out, making.IndexOptions(thumb_px=SIDE, quality=90)
    )
    return out


@pytest.fixture(scope="module")
def index(path: Path) -> Index:
    return indexes.load(path)


def picture_of(entry: Entry) -> features.Bytes:
    found: features.Bytes = _all_discs()[int(entry.name[:4])]
    return found


@lru_cache(maxsize=1)
def _all_discs() -> features.Bytes:
    return discs(COUNT, SIDE)


def ask(index: Index, picture: features.Bytes, count: int = 5) -> list[Match]:
    extractor = features.make_extractor(index.side, index.last, index.extractor)
    return indexes.find(index, extractor, indexes.unit(index.features), picture, count)


def test_an_index_lies_beside_its_network(model: Path, path: Path) -> None:
    assert path == model.with_name("discs.archive.safetensors")


def test_it_holds_what_was_shown_and_whose_it_is(index: Index) -> None:
    held = COUNT // 20
    assert len(index.entries) == index.archive == COUNT - held
    by_name = {entry.name: entry for entry in index.entries}
    assert by_name["0007.png"] == Entry("0007.png", "", "A. Painter", "CC-BY-4.0")
    assert by_name["0003.png"].credit == "A. Painter"
    assert index.turns == (0, 4)


def test_texts_can_command_no_terminal(index: Index) -> None:
    [fourth] = [entry for entry in index.entries if entry.name == "0004.png"]
    assert fourth.title == "Fourth[31m turned"
    assert (fourth.credit, fourth.licence) == ("B. Giver", "CC0-1.0")


def test_small_copies_are_kept_only_where_the_licence_allows_it(index: Index) -> None:
    for place, entry in enumerate(index.entries):
        thumb = index.thumb(place)
        if entry.name == "0003.png":
            assert thumb is None
        else:
            assert thumb is not None
            assert np.abs(thumb.astype(float) - picture_of(entry)).mean() < 6.0


@pytest.mark.parametrize(
    ("licence", "credit", "allowed"),
    [
        ("public domain", "", True),
        ("Public Domain (NASA)", "", True),
        ("CC0-1.0", "", True),
        ("CC-BY-SA-4.0", "Somebody", True),
        ("CC BY 3.0", "Somebody", True),
        ("https://creativecommons.org/licenses/by/4.0/", "Somebody", True),
        ("MIT", "Somebody", True),
        ("public domain; CC-BY-4.0", "Somebody", True),
        ("CC-BY-4.0", "", False),
        ("CC-BY-4.0", "  ", False),
        ("CC-BY-NC-4.0", "Somebody", False),
        ("CC-BY-ND-4.0", "Somebody", False),
        ("CC-BY-NC", "Somebody", False),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "Somebody", False),
        ("Creative Commons Attribution-NonCommercial 4.0", "Somebody", False),
        ("public domain; all rights reserved", "Somebody", False),
        ("not public domain", "Somebody", False),
        ("", "Somebody", False),
    ],
)
def test_which_licences_let_us_show_a_copy(licence: str, credit: str, allowed: bool) -> None:
    assert allows_copies(licence, credit) is allowed


def test_a_changed_picture_is_found_again(index: Index) -> None:
    """Moved by two pixels, darker and mirrored: discs are much alike, the original is in front."""
    right, turned = 0, 0
    for place, entry in enumerate(index.entries):
        changed = np.roll(picture_of(entry), 2, axis=1)[:, ::-1] * 0.9
        found = {match.place: match for match in ask(index, changed.astype(np.uint8))}
        right += place in found
        turned += place in found and found[place].turn == 4
    assert right >= 0.9 * len(index.entries)
    assert turned >= 0.75 * len(index.entries)


def test_what_is_near_looks_alike(index: Index) -> None:
    """Discs that were never shown: the nearest one has their hue and place, a chance one not."""
    asked = discs(40, SIDE, seed=77)
    found = []
    for picture in asked:
        best = ask(index, picture)[0]
        found.append(features.turned_back(picture_of(index.entries[best.place]), best.turn))
    (at, hue), (at_found, hue_found) = factors(asked), factors(np.stack(found))
    apart = np.abs(np.angle(np.exp(1j * (hue - hue_found))))
    away = np.linalg.norm(at - at_found, axis=1)
    chance = np.abs(np.angle(np.exp(1j * (hue - np.roll(hue_found, 1)))))
    assert np.median(apart) < 0.4 * np.median(chance)
    assert np.median(away) < 0.6 * np.median(np.linalg.norm(at - np.roll(at_found, 1, 0), axis=1))


def test_any_size_is_looked_at_by_its_middle_square(index: Index) -> None:
    small = picture_of(index.entries[5])
    large = np.repeat(np.repeat(small, 5, 0), 5, 1)
    wide = np.full((SIDE * 5, SIDE * 9, 3), 255, np.uint8)
    wide[:, SIDE * 2 : SIDE * 7] = large
    assert [m.place for m in ask(index, wide)] == [m.place for m in ask(index, small)]
    assert ask(index, small)[0].similarity > 0.99
    assert ask(index, np.zeros((1, 700, 3), np.uint8))


def test_fewer_are_chosen_far_apart() -> None:
    random = np.random.default_rng(2)
    centres = np.eye(4, dtype=np.float32)
    rows = np.repeat(centres, 50, 0) + random.normal(0, 0.05, (200, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert sorted(making.far_apart(rows, 4) // 50) == [0, 1, 2, 3]
    assert len(set(making.far_apart(rows, 200).tolist())) == 200


def test_turns_are_undone() -> None:
    picture = discs(1, 8)[0]
    for turn in features.turns(mirrors=True, quarters=True):
        back = features.turned_back(features.turned(picture, turn), turn)
        assert (back == picture).all()
    assert list(features.turns(mirrors=False, quarters=True)) == [0, 1, 2, 3]


def test_the_eye_sees_what_the_discriminator_sees(model: Path, index: Index) -> None:
    """To half precision: the gains that are multiplied in are the right ones."""
    tensors, _ = checkpoint.read_state(model.with_suffix(".train") / "state.safetensors")
    trainer = small_trainer(discs(8, SIDE))
    trainer.load_discriminator(
        {
            n[14:]: x
            for n, x in tensors.items()
            if n.startswith("discriminator.") and "adam" not in n
        }
    )
    seen = discs(8, SIDE, seed=4)
    extractor = features.make_extractor(index.side, index.last, index.extractor)
    with torch.no_grad():
        x = torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 127.5 - 1
        x = trainer.discriminator.looks[f"b{SIDE}"](x)
        wanted = torch.nn.functional.adaptive_avg_pool2d(x, features.GRID).flatten(1)
    found = features.average(extractor, seen)
    assert (found - wanted).abs().max() < 0.01 * wanted.abs().max()


def test_deeper_blocks_are_the_discriminators_too() -> None:
    trainer = small_trainer(discs(8, 64), shape=None)
    tensors, _ = trainer.state()
    weights = making._weights(tensors, 64, 8)
    blank = np.zeros((1, 1), np.float32)
    extractor = features.make_extractor(64, 8, {**weights, "centre": blank, "basis": blank})
    with torch.no_grad():
        x = torch.from_numpy(discs(3, 64)).permute(0, 3, 1, 2).float() / 127.5 - 1
        x = trainer.discriminator.looks["b64"](x)
        for side in (32, 16):
            x = trainer.discriminator.blocks[f"b{side}"](x)
        wanted = torch.nn.functional.adaptive_avg_pool2d(x, features.GRID).flatten(1)
    found = features.average(extractor, discs(3, 64))
    assert (found - wanted).abs().max() < 0.01 * wanted.abs().max()


# What arrives from outside


def rewritten(
    path: Path, out: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> Path:
    """Write an index anew, something of it changed."""
    data = safetensors.map_file(path)
    table, metadata, at = safetensors.read_header(data)
    tensors = {name: safetensors.tensor_of(data[at:], e) for name, e in table.items()}
    about = json.loads(metadata[indexes.METADATA])
    change(tensors, about)
    with out.open("wb") as file:
        safetensors.write(file, tensors, {indexes.METADATA: json.dumps(about)}, half=True)
    return out


def texts(tensors: dict[str, Any], **more: Any) -> None:
    said = json.loads(tensors["texts"].tobytes())
    tensors["texts"] = np.frombuffer(json.dumps({**said, **more}).encode(), np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda t, a: t.update(features=t["features"].astype(np.int32)),
        lambda t, a: t.update(features=t["features"][:, :-1]),
        lambda t, a: t.update(features=t["features"][:-1]),
        lambda t, a: t.update({"eye.look.weight": t["eye.look.weight"][:, :2]}),
        lambda t, a: t.update({"eye.look.bias": t["eye.look.bias"][:-1]}),
        lambda t, a: t.update({"eye.basis": t["eye.basis"][:, :-1]}),
        lambda t, a: t.update({"eye.centre": t["eye.centre"].astype(np.int8)}),
        lambda t, a: t.pop("eye.look.weight"),
        lambda t, a: t.update(ends=t["ends"] + 1),
        lambda t, a: t.update(ends=t["ends"][::-1].copy()),
        lambda t, a: t.update(ends=t["ends"].astype(np.int32)),
        lambda t, a: t.update(thumbs=t["thumbs"][:-1]),
        lambda t, a: t.update(texts=t["texts"][:-9]),
        lambda t, a: t.update(texts=np.frombuffer(b"[" * 100_000, np.uint8)),
        lambda t, a: texts(t, credits=[]),
        lambda t, a: texts(t, pictures=[]),
        lambda t, a: texts(t, credits=[["only one"]]),
        lambda t, a: a.update(version=99),
        lambda t, a: a.update(side=1000),
        lambda t, a: a.update(side=1024),
        lambda t, a: a.update(last=32),
        lambda t, a: a.update(turns=[0, 9]),
        lambda t, a: a.update(turns=[]),
        lambda t, a: a.update(archive=3),
        lambda t, a: a.update(archive=True),
        lambda t, a: a.pop("side"),
    ],
)  # fmt: skip
def test_an_index_that_does_not_fit_together_is_refused(
    path: Path, tmp_path: Path, change: Change
) -> None:
    with pytest.raises(RefusedError, match=r"odd\.archive\.safetensors is .*index"):
        indexes.load(rewritten(path, tmp_path / "odd.archive.safetensors", change))


def test_numbers_that_are_none_are_refused(path: Path, tmp_path: Path) -> None:
    data = bytearray(path.read_bytes())
    length = struct.unpack("<Q", data[:8])[0]
    place = json.loads(data[8 : 8 + length])["eye.basis"]["data_offsets"][0] + 8 + length
    data[place : place + 2] = b"\x00\x7e"
    (tmp_path / "nan.safetensors").write_bytes(data)
    with pytest.raises(RefusedError, match="no numbers"):
        indexes.load(tmp_path / "nan.safetensors")


def test_another_file_is_no_index(model: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="is no index of an archive"):
        indexes.load(model)
    (tmp_path / "empty").touch()
    with pytest.raises(RefusedError):
        indexes.load(tmp_path / "empty")


def encoded(form: str, **more: Any) -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 40)).save(file, form, **more)
    return file.getvalue()


def bomb() -> bytes:
    """A small copy that says that it is 16383 pixels wide and high."""
    data = bytearray(encoded("WEBP", quality=50))
    data[26:30] = struct.pack("<HH", 16383, 16383)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [bomb(), encoded("PNG"), encoded("WEBP", lossless=True), encoded("WEBP")[:60], b"RIFF" * 9],
    ids=["bomb", "png", "lossless", "cut", "nothing"],
)
def test_a_copy_that_is_none_of_ours_is_never_decoded(index: Index, data: bytes) -> None:
    ends = np.full(len(index.entries), len(data), np.int64)
    odd = replace(index, thumbs=np.frombuffer(data, np.uint8), ends=ends)
    with pytest.raises(RefusedError, match="cannot be shown"):
        odd.thumb(0)
    assert odd.thumb(1) is None
    assert isinstance(hanging.picture(odd, Match(0, 1.0, 0)), str)  # its name, not the end


# The layer


def request(
    seen: features.Bytes | None, size: tuple[int, int] = (320, 180), **set_: float
) -> Request:
    return Request(0.0, {}, set_, size, pictures={} if seen is None else {"image": seen})


def shown(generator: nearest.Generator, asked: Request) -> features.Bytes:
    pixels, memory = generator.render(asked)
    assert memory is None
    assert pixels.shape == (1, 4, asked.size_px[1], asked.size_px[0])
    rounded: features.Bytes = (pixels[0] * 255).round().byte().permute(1, 2, 0).numpy()
    return rounded


@pytest.fixture(scope="module")
def layer(path: Path) -> nearest.Generator:
    return nearest.build(nearest.Config(str(path)))


def test_around_its_pictures_one_sees_through(layer: nearest.Generator) -> None:
    seen = np.full((64, 64, 3), 90, np.uint8)
    black, clear = (shown(layer, request(seen, ground=g)) for g in (1.0, 0.0))
    assert (black[..., 3] == 255).all()
    assert (clear[:90, :20, 3] == 0).all()  # beside the picture
    assert (clear[40:90, 150:170] == black[40:90, 150:170]).all()
    assert clear[-2, 2, 3] > 150  # the caption can be read


def test_the_layer_says_what_it_is(layer: nearest.Generator, path: Path) -> None:
    spec = nearest.spec(nearest.Config(str(path)))
    assert spec == layer.spec
    assert [(p.name, p.geometry) for p in spec.ports] == [("image", "image")]
    assert spec.licence == "CC-BY-4.0; CC0-1.0; all rights reserved"
    assert "86 of 86" in spec.provenance
    assert nearest.memory_bytes(nearest.Config(str(path)), "cpu") > path.stat().st_size


def test_without_a_picture_there_is_nothing(layer: nearest.Generator) -> None:
    assert not shown(layer, request(None)).any()


def test_it_shows_the_nearest_picture_and_whose_it_is(layer: nearest.Generator) -> None:
    entry = layer.index.entries[7]
    seen = picture_of(entry)
    picture = shown(layer, request(seen, caption=0.0))
    assert (picture[..., 3] == 255).all()
    side = 180 - 2 * 2
    middle = picture[2 : 2 + side, (320 - side) // 2 :][:, :side, :3]
    small = np.asarray(Image.fromarray(middle).resize((SIDE, SIDE)), float)
    assert np.abs(small - seen).mean() < 8.0
    told = shown(layer, request(seen))
    assert told[-24:, :, :3].max() > 200  # letters, on black
    assert (told[-24:, :3, :3] == 0).all()
    assert (told != picture).any()
    assert (shown(layer, request(seen)) == told).all()


@pytest.mark.parametrize("count", [0.0, 1.0, 2.4, 9.0, 99.0, float("nan")])
@pytest.mark.parametrize("size", [(16, 16), (64, 400), (400, 64)])
def test_any_count_and_size_can_be_hung(
    layer: nearest.Generator, count: float, size: tuple[int, int]
) -> None:
    assert shown(layer, request(discs(1, 50)[0], size, count=count))[..., 3].all()


def test_what_may_not_be_shown_is_named_instead(layer: nearest.Generator) -> None:
    [entry] = [entry for entry in layer.index.entries if entry.name == "0003.png"]
    picture = shown(layer, request(picture_of(entry), caption=0.0))
    middle = picture[4:170, 80:240, :3]
    assert (middle == middle[..., :1]).all()  # no colour of the picture
    assert middle.max() > 150


def test_a_caption_names_every_owner_once() -> None:
    entries = [
        Entry("a", "A", "Ann", "CC0"),
        Entry("b", "", "Bob", ""),
        Entry("c", "C", "Ann", "CC0"),
    ]
    blank: Any = {}
    index = Index(16, 8, (0,), 3, blank, np.zeros((3, 1), np.int8), entries)
    said = hanging.caption(index, [Match(n, 1.0, 0) for n in range(3)])
    assert said == "nearest, not cause · A · and 2 more · Ann (CC0) · Bob"
    assert hanging.caption(index, [Match(1, 1.0, 0)]) == "nearest, not cause · b · Bob"


def test_a_long_caption_is_cut_to_three_lines() -> None:
    lines = hanging.wrapped("nearest, not cause · " + "word " * 90 + "x" * 400, 200, 12)
    assert len(lines) == 3
    assert lines[2].endswith("…")
    assert len(hanging.wrapped("x" * 400, 200, 12)[0]) < 60


@pytest.mark.parametrize(
    "seen", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(layer: nearest.Generator, seen: Any) -> None:
    with pytest.raises(ValueError, match="image port sees"):
        layer.render(request(seen))


def test_a_missing_index_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gone\.archive.*archive index MODEL"):
        nearest.spec(nearest.Config(str(tmp_path / "gone.archive.safetensors")))


def test_a_shows_index_lies_beside_it(tmp_path: Path) -> None:
    text = 'schema = 1\n[[layers]]\nid = "a"\n[layers.generator]\nkind = "nearest"\n'
    text += 'config = { path = "x.archive.safetensors" }\n'
    assert str(tmp_path / "x.archive.safetensors") in with_whole_paths(text, tmp_path)


DISC = """/*{"ISFVSN": "2"}*/
void main() {
    vec2 at = isf_FragNormCoord - vec2(0.4, 0.6);
    float inside = smoothstep(0.22, 0.19, length(at));
    gl_FragColor = vec4(mix(vec3(30.0), vec3(225.0, 80.0, 80.0), inside) / 255.0, 1.0);
}
"""
SHOW = """
schema = 1
size_px = [96, 96]
picture_hz = 30
[[layers]]
id = "disc"
[layers.source]
shader = "disc"
[[layers]]
id = "archive"
opacity = 0.0
[layers.generator]
kind = "nearest"
config = {{ path = "{path}" }}
images = {{ image = "layer:disc" }}
parameters = {{ caption = false }}
[[cues]]
id = "nearest"
key = "n"
time_s = 0.5
set = {{ "/layer/archive/opacity" = 1.0 }}
"""


def test_a_key_dissolves_to_the_archive(ctx: moderngl.Context, path: Path) -> None:
    """The layer sees what is below it; its picture is another one that looks like it."""
    show = load.read(SHOW.format(path=path), "test", {"disc": DISC}.__getitem__)[0]
    compositor, bridge = Compositor(ctx, show.size_px, 30.0), Bridge(ctx, crossfades=False)
    pixels = FilmPixels(bridge, show, "cpu")
    load_shaders(compositor, show)
    line = Line(show, first_state(show), -1, {})
    frames = {}
    press = [Event(24, *show.keys["n"])]
    for seconds in (Fraction(0), Fraction(1, 10), Fraction(1)):
        steps = line.control(seconds, lambda tick: press if tick == 24 else ())
        picture = draw(compositor, pixels, steps, line.plan(seconds))
        frames[float(seconds)] = picture.read("rgb24").copy()
    for each in (pixels, bridge, compositor):
        each.close()
    apart = {at: np.abs(frames[at].astype(int) - frames[0.0]).max() for at in (0.1, 1.0)}
    assert apart[0.1] <= 2  # dithered anew
    assert apart[1.0] > 20
    (at, hue), (at_found, hue_found) = factors(frames[0.0][None]), factors(frames[1.0][None])
    assert abs(np.angle(np.exp(1j * (hue - hue_found)))[0]) < 0.6
    assert np.abs(at - at_found).max() < 0.12


# The commands


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["archive", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_command_makes_an_index(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "few.archive.safetensors"
    code, said = run("index", model, "--out", out, "--pictures", 12, "--thumb", 0)
    assert code == 0, said
    assert "12 of 86 pictures, 0 with a small copy" in said
    assert len(indexes.load(out).entries) == 12
    again = tmp_path / "again.archive.safetensors"
    assert run("index", model, "--out", again, "--pictures", 12, "--thumb", 0)[0] == 0
    assert out.read_bytes() == again.read_bytes()


def test_the_command_finds_the_nearest_of_a_picture(
    model: Path, index: Index, tmp_path: Path
) -> None:
    Image.fromarray(picture_of(index.entries[20])).resize((77, 77)).save(tmp_path / "a.png")
    code, said = run("nearest", model, tmp_path / "a.png", "--count", 3, "--json")
    assert code == 0, said
    found = json.loads(said)
    assert found["label"] == "nearest, not cause"
    [query] = found["queries"]
    assert query["query"] == "a.png"
    assert len(query["nearest"]) == 3
    assert query["nearest"][0]["name"] == index.entries[20].name
    code, said = run("nearest", model, tmp_path / "a.png")
    assert said.startswith("nearest, not cause (86 of 86")
    assert index.entries[20].name in said


def test_the_command_finds_the_nearest_of_what_is_drawn(
    model: Path, path: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    code, said = run("nearest", model, "--seeds", "0-1", "--count", 4, "--sheet", sheet, "--json")
    assert code == 0, said
    assert [q["query"] for q in json.loads(said)["queries"]] == ["seed 0", "seed 1"]
    with Image.open(sheet) as opened:
        assert opened.size == (5 * 166, 2 * 204)
    code, said = run("nearest", path, "--seeds", "0")
    assert code == 1
    assert "draws nothing" in said


def test_wrong_usage_is_told_in_a_sentence(model: Path, path: Path, tmp_path: Path) -> None:
    code, said = run("nearest", model)
    assert code == 2
    assert "either a PICTURE or --seeds" in said
    code, said = run("nearest", tmp_path / "other.safetensors", "--seeds", "0")
    assert code == 2
    assert "other.archive.safetensors is not there" in said
    code, said = run("index", tmp_path / "other.safetensors")
    assert code == 2
    assert "holds no training" in said
    (tmp_path / "broken.png").write_bytes(b"no picture")
    code, said = run("nearest", model, tmp_path / "broken.png")
    assert code == 1
    assert "broken.png" in said
    code, said = run("index", model, "--out", tmp_path / "x.safetensors")
    assert "ends in .archive.safetensors" in said


def test_a_damaged_training_is_named(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m.train"
    (folder / "ready").mkdir(parents=True)
    state = model.with_suffix(".train") / "state.safetensors"
    (folder / "state.safetensors").write_bytes(state.read_bytes())
    (folder / "ready" / "pictures.json").write_text("{}")
    code, said = run("index", tmp_path / "m.safetensors")
    assert code == 1
    assert "not whole" in said
