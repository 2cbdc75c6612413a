"""Shows around bare files: they play as they are, and teach by suggestions that are right."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from engine.app.cli.main import cli
from engine.documents.assets import assets_dir
from engine.documents.show import bare_file, load
from engine.documents.show.load import ShowError
from tests.generators.media.clips import make_clip
from tests.performing import latent_cinema
from tests.places import DATA

SHADERS = sorted(assets_dir("shaders").glob("*.fs"))
NETWORKS = [
    *(assets_dir("presets") / "networks" / f"{name}.safetensors"
      for name in ("earth", "draw-earth", "painted", "any-style")),
    DATA / "tiny-rosinality-64.pt",
]  # fmt: skip
FADE = """/*{ "INPUTS": [
  { "NAME": "startImage", "TYPE": "image" }, { "NAME": "endImage", "TYPE": "image" },
  { "NAME": "progress", "TYPE": "float", "MIN": 0, "MAX": 1 }] }*/
void main() { gl_FragColor = mix(IMG_THIS_PIXEL(startImage), IMG_THIS_PIXEL(endImage), progress); }
"""
ALL = """/*{ "INPUTS": [
  { "NAME": "inputImage", "TYPE": "image" }, { "NAME": "other", "TYPE": "image" },
  { "NAME": "where", "TYPE": "point2D" }, { "NAME": "tint", "TYPE": "color" },
  { "NAME": "on", "TYPE": "bool", "DEFAULT": true }, { "NAME": "hit", "TYPE": "event" },
  { "NAME": "way", "TYPE": "long", "VALUES": [0, 2], "LABELS": ["a", "b"], "DEFAULT": 2 },
  { "NAME": "size", "TYPE": "float", "MIN": -3, "MAX": 5, "DEFAULT": 0.25 },
  { "NAME": "sound", "TYPE": "audio" }] }*/
void main() { gl_FragColor = vec4(1.0); }
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def taken_up(text: str) -> str:
    """The text with every suggestion taken."""
    assert "#: " in text
    return re.sub(r"(?m)^#: ", "", text)


@pytest.mark.parametrize("path", [*SHADERS, *NETWORKS], ids=lambda path: path.name)
def test_a_bare_file_is_a_show_and_its_suggestions_are_right(path: Path, tmp_path: Path) -> None:
    show = load.load(str(path)).show
    assert show.layers
    assert show.notes == ()
    if path.name != "any-style.safetensors":  # nothing moves it but what it sees
        whole = tmp_path / "whole.toml"
        whole.write_text(taken_up(load.load(str(path)).text), "utf-8")
        shutil.copy(path, tmp_path)
        more = load.load(str(whole)).show
        assert len(more.cues) == 2
        assert more.routes


@pytest.mark.parametrize("text", [FADE, ALL], ids=["transition", "filter"])
def test_a_shader_of_any_kind_has_what_it_works_on(text: str, tmp_path: Path) -> None:
    path = tmp_path / "My Shader.v2.fs"
    path.write_text(text, "utf-8")
    show = load.load(str(path)).show
    assert show.name == "My Shader V2"
    effects = [e for layer in show.layers for e in (layer.source, *layer.effects) if e]
    (effect,) = [e for e in effects if e.shader == "My Shader.v2"]
    (tmp_path / "whole.toml").write_text(taken_up(load.load(str(path)).text), "utf-8")
    load.load(str(tmp_path / "whole.toml"))
    if text == FADE:
        assert effect.images == {"startImage": "layer:form", "endImage": "layer:other"}
        assert show.routes[0].target == show.registry.index["/layer/picture/source/progress"]
    else:
        assert effect.images == {"other": "layer:form"}
        assert "/layer/form/effect/my_shader_v2/size" in show.registry.index


@pytest.mark.parametrize("folder", ['we"ird', "a\\b", "ü # x", "'''"])
def test_a_network_may_lie_in_any_folder(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir()
    shutil.copy(NETWORKS[2], place / "net.safetensors")
    found = load.load(str(place / "net.safetensors"))
    assert found.show.layers[-1].generator.config["path"] == str(place / "net.safetensors")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.fs", None, "gone.fs: there is no such file"),
        ("gone.pkl", None, "gone.pkl: there is no such file"),
        ("bad.fs", "void main() {}", "bad.fs:1: there is no ISF header"),
        ("bad.pkl", "not a pickle", r"bad\.pkl"),
        ("bad.pt", "", r"bad\.pt"),
        ("bad.safetensors", "{}", r"bad\.safetensors"),
        ("-x.fs", FADE, "is not a shader's name"),
    ],
)
def test_what_cannot_be_played_is_said_in_one_sentence(
    name: str, content: str | None, said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(ShowError, match=said) as told:
        load.load(str(tmp_path / name))
    assert "\n" not in str(told.value)


def test_sidecars_are_no_networks() -> None:
    with pytest.raises(ShowError, match="something else"):
        load.load(str(assets_dir("presets") / "networks" / "earth.directions.safetensors"))


def test_the_show_is_saved_with_its_shader_beside_it(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    source, out = tmp_path / "from" / "own.fs", tmp_path / "to" / "own.toml"
    source.write_text(FADE, "utf-8")
    bare_file.save_around(source, out)
    assert (tmp_path / "to" / "own.fs").read_text("utf-8") == FADE
    shutil.rmtree(tmp_path / "from")
    assert load.load(str(out)).text == load.load(str(tmp_path / "to" / "own.fs")).text
    source.parent.mkdir()
    source.write_text(ALL, "utf-8")
    with pytest.raises(ValueError, match="another file is there"):
        bare_file.save_around(source, out.with_name("second.toml"))
    with pytest.raises(ValueError, match="name a new file that ends in"):
        bare_file.save_around(source, out)
    with pytest.raises(ValueError, match="a show is a file already: copy it"):
        bare_file.save_around(out, tmp_path / "third.toml")
    assert sorted(p.name for p in (tmp_path / "to").iterdir()) == ["own.fs", "own.toml"]


def test_a_network_beneath_the_saved_show_is_named_by_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    shutil.copy(NETWORKS[0], tmp_path / "nets" / "net.safetensors")
    bare_file.save_around(tmp_path / "nets" / "net.safetensors", tmp_path / "show.toml")
    text = (tmp_path / "show.toml").read_text("utf-8")
    assert '"nets/net.safetensors"' in text
    assert "# Licence of the weights: " in text
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    tmp_path.rename(moved)
    assert load.load(str(moved / "show.toml")).show.layers
    moved.rename(tmp_path)


@pytest.mark.parametrize("name", ["strike.fs", str(NETWORKS[-1])])
def test_bare_files_play_and_are_filmed(name: str, tmp_path: Path) -> None:
    words = ["--output", "null", "--osc", "127.0.0.1:0", "--audio", "off", "--duration", "0.2"]
    saved = tmp_path / "saved.toml"
    done = latent_cinema("play", name, *words, "--size", "64x36", "--save-show", saved)
    assert done.returncode == 0, done.stderr
    assert load.load(str(saved)).show.layers
    film = tmp_path / "still-%05d.png"
    done = latent_cinema("export", name, film, "--duration", "0.02", "--size", "64x36")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("still-*.png"))


def test_a_show_is_not_saved_around_a_show(tmp_path: Path) -> None:
    words = ["play", "default", "--output", "null", "--save-show", str(tmp_path / "no.toml")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["my clip.MP4", "Photo 1.jpg"])
def test_a_picture_or_a_film_is_a_show_and_its_suggestions_are_right(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if path.suffix == ".jpg":
        Image.new("RGB", (4000, 1000)).save(path)
    else:
        make_clip(path, 5, size_px=(98, 54))
    show = load.load(str(path)).show
    assert show.size_px == ((1920, 480) if path.suffix == ".jpg" else (98, 54))
    assert [layer.generator.kind for layer in show.layers if layer.generator] == [
        "picture" if path.suffix == ".jpg" else "film"
    ]
    out = tmp_path / "show.toml"
    bare_file.save_around(path, out)
    assert f'file = "{name}"' in out.read_text("utf-8")
    out.write_text(taken_up(out.read_text("utf-8")), "utf-8")
    whole = load.load(str(out)).show
    assert len(whole.cues) == 2
    assert whole.routes


def test_what_a_shader_brings_along_is_saved_with_it(tmp_path: Path) -> None:
    source = tmp_path / "from" / "a b.fs"
    (source.parent / "in").mkdir(parents=True)
    source.write_text('/*{"IMPORTED": {"p": {"PATH": "in/p.png"}, "q": {"PATH": "q.png"}}}*/\n')
    source.with_suffix(".vs").write_text("void main() {}\n")
    (source.parent / "in" / "p.png").write_bytes(b"picture")
    bare_file.save_around(source, tmp_path / "to.toml")
    assert (tmp_path / "a b.vs").read_text() == "void main() {}\n"
    assert (tmp_path / "in" / "p.png").read_bytes() == b"picture"
    assert not (tmp_path / "q.png").exists()  # it was not there
