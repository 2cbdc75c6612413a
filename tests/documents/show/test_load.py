"""Show files: every error names file, key and what is allowed; hostile ones end in one sentence."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.clock import parse_rate
from engine.core.curves import CURVES
from engine.core.frame.sample import sample
from engine.documents.assets import assets_dir
from engine.documents.schema import ShowTable
from engine.documents.show import load
from engine.documents.show.load import ShowError
from tests.making import FORM, GLOW, read_show, run

PRESETS = sorted(assets_dir("presets").glob("*.toml"))
FORMER = FORM.strip("\n")


def error_of(text: str) -> str:
    with pytest.raises(ShowError) as found:
        load.read(text, "my.toml", lambda name: GLOW)
    return str(found.value)


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_every_shipped_show_loads_and_plays(path: Path) -> None:
    loaded = load.load(str(path))
    show = loaded.show
    assert sample(show, run(show, 30), 0.25).layers
    assert load.load(path.stem).text == loaded.text
    assert set(loaded.shader_paths) == set(show.shaders)
    for _, cue in enumerate(show.cues):
        sample(show, run(show, 10, [(3, f"/cue/{cue.id}/go", True)]), 10 / 120)


def test_some_shows_are_shipped() -> None:
    assert "default" in {p.stem for p in PRESETS}


BROKEN = {
    "schema = 2": ("schema", "reads schema = 1, the file says 2"),
    'name = "x"': ("schema", "add the line  schema = 1"),
    "schema = 1\nwidth = 3": ("the file", "unknown key 'width'", "size_px", "layers"),
    "schema = 1\nseed = 'x'": ("seed", "int", "str"),
    "schema = 1\nseed = -1": ("seed", "0 to 2^63"),
    "schema = 1\nname = = 1": ("not valid TOML", "line 2"),
    "schema = 1\nsize_px = [10, 90]": ("size_px", "10 x 90", "16 to 16384"),
    "schema = 1\nsize_px = [100, 90, 3]": ("size_px", "length 2"),
    "schema = 1\ncontrol_hz = 0": ("control_hz", "is not a rate", "60000/1001"),
    "schema = 1\npicture_hz = 'fast'": ("picture_hz", "'fast' is not a rate"),
    "schema = 1\npicture_hz = '1e999999999'": ("picture_hz", "is not a rate"),
    "schema = 1\npicture_hz = nan": ("picture_hz", "'nan' is not a rate"),
    "schema = 1\nhistory_s = nan": ("history_s", "nan", "0 to 600"),
    "schema = 1\nstart = 'x'": ("start", "no cue 'x'", "none"),
    "schema = 1\n[master]\nspeed = 9": ("/master/speed", "9", "-4 to 4"),
    "schema = 1\n[master]\nspeed = inf": ("/master/speed", "inf", "-4 to 4"),
    "schema = 1\n[master]\nspeeed = 1": ("master", "unknown key 'speeed'", "brightness"),
    "schema = 1\n[[master.effects]]\nshader = 'x'\ninputs = { b = 1 }": (
        "master.effects[0].inputs",
        "unknown key 'b'",
    ),
    "schema = 1\n[[master.effects]]\nshader = 'ink'\nmix = 2": (
        "master.effects[0]",
        "mix",
        "0 to 1",
    ),
    "schema = 1\n[[master.effects]]\nshader = 'ink'\nimages = { inputImage = 'picture' }": (
        "master.effects[0]",
        "'inputImage' is not an image input",
    ),
    "schema = 1\n[[layers]]": ("layers[0]", "the key 'id' is missing"),
    "schema = 1\n[[layers]]\nid = 'A b'": ("layers[0].id", "'A b' is not an ID", "small letter"),
    "schema = 1\n[[layers]]\nid = 'a'\n[[layers]]\nid = 'a'": ("layers[1].id", "there twice"),
    "schema = 1\n[[layers]]\nid = 'a'\nblend = 'melt'": (
        "layers[0].blend",
        "'melt' is not allowed",
        "normal, add, screen, multiply",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\nopacity = 1.5": ("layers[0]", "opacity", "1.5", "0 to 1"),
    "schema = 1\n[[layers]]\nid = 'a'\naspect = 50.0": ("layers[0].aspect", "50", "0.05 to 20"),
    "schema = 1\n[[layers]]\nid = 'a'\naspect = 'wide'": ("layers[0].aspect", "canvas"),
    "schema = 1\n[[layers]]\nid = 'a'\nuses = 'b'": ("layers[0].uses", "'b'", "none"),
    "schema = 1\n[[layers]]\nid = 'a'\nuses = 'b'\n[layers.source]\nshader = 'g'": (
        "layers[0].source",
        "one source",
        "uses and source",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'gan'": (
        "layers[0].generator",
        "no generator 'gan'",
        "cppn",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'host'": ("no generator 'host'",),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'cppn'\nconfig = {x = 1}": (
        "layers[0].generator",
        "unknown key 'x'",
        "latent_size",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'cppn'\nsize_px = 4096": (
        "layers[0].generator.size_px",
        "4096",
        "64 to 512",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'cppn'\nrate_hz = 0.0": (
        "layers[0].generator.rate_hz",
        "0.1 to 240",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'cppn'\nparameters = {q = 1}": (
        "layers[0].generator.parameters",
        "unknown key 'q'",
        "truncation",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[layers.path]\nmotion = 'fly'": (
        "layers[0].path.motion",
        "'fly' is not allowed",
        "walk, keys, orbit, still",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[[layers.effects]]\nshader = 'g'\ninputs = { q = 1 }": (
        "layers[0].effects[0].inputs",
        "unknown key 'q'",
        "amount",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[[layers.effects]]\nshader = 'g'\ninputs = { amount = 3 }": (
        "layers[0].effects[0]",
        "amount",
        "0 to 1",
        "3",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[[layers.effects]]\nshader = 'g'\ninputs = { tint = [1] }": (
        "inputs.tint",
        "takes 4 numbers, not 1",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[[layers.effects]]\nshader = 'g'\n"
    "images = { q = 'picture' }": (
        "images",
        "'q' is not an image input of g.fs",
    ),
    "schema = 1\n[[layers]]\nid = 'a'\n[[layers.effects]]\nshader = 'g'\n"
    "[[layers.effects]]\nshader = 'g'": ("layers[0].effects[1].id", "'g' is there twice"),
    "schema = 1\nsignals = ['a b']": ("signals[0]", "'a b' is not a free signal name"),
    "schema = 1\nsignals = ['audio']": ("signals[0]", "'audio'"),
    "schema = 1\n[[lfos]]\nid = 'o'\nwave = 'round'": ("lfos[0].wave", "sine, triangle"),
    "schema = 1\n[[lfos]]\nid = 'o'\nrate_hz = 100.0": ("/lfo/o/rate_hz", "0 to 60"),
    "schema = 1\n[[lfos]]\nid = 'o'\nbeats = 1e-300": ("lfos[0].beats", "1/64 to 4096"),
    "schema = 1\n[[lfos]]\nid = 'o'\nbeats = nan": ("lfos[0].beats", "nan"),
    "schema = 1\n[[routes]]\nsignal = 'x'\ntarget = '/master/speed'\ndepth = 1.0": (
        "routes[0].signal",
        "'x' is not known",
        "audio/level",
    ),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/sped'\ndepth = 1.0": (
        "routes[0].target",
        "'/master/sped'",
        "near are: /master/speed",
    ),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/jump'\ndepth = 1.0": (
        "routes[0].target",
        "is a trigger",
    ),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/speed'\ndepth = 1.0\n"
    "curve = 'wild'": ("routes[0].curve", "'wild' is not known", "linear", "smooth"),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/speed'\ndepth = nan": (
        "routes[0].range",
        "finite",
    ),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/speed'\ndepth = 1e300": (
        "routes[0].depth",
        "-10000 to 10000",
    ),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/speed'\ndepth = 1.0\n"
    "range = [1, 1]": ("routes[0].range", "two different"),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/speed'\ndepth = 1.0\n"
    "attack_s = -1.0": ("routes[0].attack_s", "not negative"),
    "schema = 1\n[[routes]]\nsignal = 'beat/phase'\ntarget = '/master/speed'\ndepth = 1.0\n"
    "one_euro = { beta = inf }": ("routes[0].one_euro", "beta"),
    "schema = 1\n[[routes]]\nid = 'A/b'\nsignal = 'beat/phase'\ntarget = '/master/speed'\n"
    "depth = 1.0": ("routes[0].id", "'A/b' is not an ID"),
    "schema = 1\n[[cues]]\nid = 'c'\nset = { '/nothing' = 1 }": (
        "cues[0].set",
        "no parameter has the address '/nothing'",
    ),
    "schema = 1\n[[cues]]\nid = 'c'\nset = { '/master/speed' = 'fast' }": (
        "cues[0].set",
        "/master/speed takes a number",
        "'fast'",
    ),
    "schema = 1\n[[cues]]\nid = 'c'\nset = { '/master/jump' = true }": (
        "cues[0].set",
        "/master/jump is a trigger",
    ),
    "schema = 1\n[[cues]]\nid = 'c'\nsolo = ['x']": ("cues[0].solo", "no layer 'x'"),
    "schema = 1\n[[cues]]\nid = 'c'\nnext = 'd'": ("cues[0].next", "no cue 'd'", "c"),
    "schema = 1\n[[cues]]\nid = 'c'\ntime_s = nan": ("cues[0].time_s", "0 to 36000"),
    "schema = 1\n[keys]\nz = '/nothing'": ("keys.z", "'/nothing'"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_errors_name_file_key_and_what_is_allowed(text: str) -> None:
    message = error_of(text)
    assert message.startswith("my.toml: ")
    assert "\n" not in message.removesuffix("\n")
    for part in BROKEN[text]:
        assert part in message


def huge(text: str) -> str:
    return f"schema = 1\n{text}\n"


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000,
        huge("x = " + "[" * 900 + "]" * 900),
        huge("a" + ".a" * 3000 + " = 1"),
        huge("[" + ".".join(["a"] * 3000) + "]"),
        huge("seed = " + "9" * 4000),
        huge("seed = " + "9" * 5000),
        huge("[master]\nspeed = " + "9" * 400),
        huge("size_px = [1" + "0" * 30 + ", 90]"),
        huge(FORMER + "\ninputs = { amount = 1" + "0" * 400 + " }"),
        huge(FORMER.replace('"cppn"', '"cppn"\nconfig = { a = ' + "[" * 90 + "]" * 90 + "}")),
        huge(FORMER.replace('kind = "cppn"', 'kind = "../../etc"')),
        huge(FORMER.replace('kind = "cppn"', 'kind = "os.path"')),
        huge(FORMER.replace('kind = "cppn"', 'kind = "__init__"')),
        "schema = 1\nschema = 1",
        "schema = true",
        "schema = 1.0",
        "\x00",
        huge("name = 1979-05-27T07:32:00Z"),
        huge("layers = 3"),
        huge("layers = {}"),
        huge("[[layers]]\nid = ''"),
        huge("[[layers]]\nid = 'a'\n[layers.effects]\nshader = 'x'"),
    ],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_hostile_shows_end_in_one_sentence(text: str) -> None:
    assert len(error_of(text)) < 3000


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b", "..", "", "x" * 100, "a\x00b", "%00"]
)
def test_a_shaders_name_never_leaves_the_shows_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ShowError, match=r"not a shader's name|no shader"):
        load.find_shader(name, tmp_path)


def test_a_shader_beside_the_show_comes_first(tmp_path: Path) -> None:
    (tmp_path / "shaders").mkdir()
    (tmp_path / "shaders" / "trails.fs").write_text("mine")
    assert load.find_shader("trails", tmp_path).read_text() == "mine"
    assert load.find_shader("trails", tmp_path / "shaders").parent.parent == tmp_path
    assert load.find_shader("grade", tmp_path) == assets_dir("shaders") / "grade.fs"
    with pytest.raises(ShowError, match=r"no shader 'mist' beside .*\); shipped.*grade"):
        load.find_shader("mist", tmp_path)


def test_a_copy_of_a_shipped_show_finds_the_shipped_network(tmp_path: Path) -> None:
    """As its first lines say: copy it, rename it, play the copy."""
    shipped = load.load("latent-wall")
    copy = tmp_path / "mine.toml"
    copy.write_bytes((assets_dir("presets") / "latent-wall.toml").read_bytes())
    loaded = load.load(str(copy))
    assert loaded.text == shipped.text  # with the whole path of the same network
    assert not loaded.show.notes  # it came with the program: nobody is warned of it
    network = tmp_path / "networks" / "earth.safetensors"
    network.parent.mkdir()
    network.write_bytes((assets_dir("presets") / "networks" / "earth.safetensors").read_bytes())
    assert str(network) in load.load(str(copy)).text  # what lies beside the show comes first


def test_a_show_that_is_not_there_names_those_that_are() -> None:
    for name in ("nothing", "/no/where.toml", "../x", "a" * 5000, "a\x00b", ""):
        with pytest.raises(ShowError, match=r"no such show file; shipped shows are: .*default"):
            load.find_show(name)


def test_files_that_are_no_shows(tmp_path: Path) -> None:
    for data, words in (
        (b"#" * (1 << 20) + b"\n", "larger than 1024 kB"),
        (b"name = '\xff'", "not UTF-8 text .byte 8."),
        (b"", "schema = 1"),
    ):
        path = tmp_path / "x.toml"
        path.write_bytes(data)
        with pytest.raises(ShowError, match=words) as found:
            load.load(str(path))
        assert str(found.value).startswith(str(path))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbfschema = 1\n")
    assert load.load(str(path)).show.name == "untitled"


def tables() -> st.SearchStrategy[dict]:
    """Show tables that are good, or nearly."""
    number = st.one_of(st.floats(), st.integers(), st.sampled_from([0.0, 0.5, 1.0, 10**30]))
    anything = st.one_of(number, st.booleans(), st.text(max_size=8), st.lists(number, max_size=3))
    layer = st.fixed_dictionaries(
        {"id": st.sampled_from(["a", "b", "c", "C"])},
        optional={
            "blend": st.sampled_from(["add", "screen", "over"]),
            "opacity": number,
            "aspect": st.one_of(number, st.just("canvas")),
            "generator": st.fixed_dictionaries(
                {"kind": st.sampled_from(["cppn", "frame"])},
                optional={"size_px": st.sampled_from([64, 128, 9999]), "rate_hz": number},
            ),
            "path": st.dictionaries(
                st.sampled_from(["seed", "speed", "motion", "seeds", "radius"]), anything
            ),
            "effects": st.lists(st.fixed_dictionaries(
                {"shader": st.just("glow")},
                optional={"id": st.sampled_from(["x", "y"]), "mix": number,
                          "inputs": st.dictionaries(
                              st.sampled_from(["amount", "tint", "mode", "flash"]), anything)},
            ), max_size=2),
        },
    )  # fmt: skip
    addresses = st.sampled_from(["/master/speed", "/layer/a/opacity", "/cue/one/go", "/x"])
    cue = st.fixed_dictionaries(
        {"id": st.sampled_from(["one", "two"])},
        optional={"set": st.dictionaries(addresses, anything, max_size=2), "time_s": number,
                  "after_s": number, "next": st.sampled_from(["one", "two"]),
                  "quantise_beats": number},
    )  # fmt: skip
    route = st.fixed_dictionaries(
        {"signal": st.sampled_from(["audio/level", "lfo/o", "beat/phase"]), "target": addresses,
         "depth": number},
        optional={"range": st.tuples(number, number).map(list), "attack_s": number,
                  "mode": st.sampled_from(["add", "multiply", "max", "replace"]),
                  "curve": st.sampled_from(sorted(CURVES)),
                  "one_euro": st.fixed_dictionaries({}, optional={"beta": number})},
    )  # fmt: skip
    lfo = st.fixed_dictionaries(
        {"id": st.just("o")}, optional={"rate_hz": number, "beats": number,
                                        "wave": st.sampled_from(["sine", "noise"])},
    )  # fmt: skip
    return st.fixed_dictionaries(
        {"schema": st.just(1)},
        optional={"layers": st.lists(layer, max_size=3), "cues": st.lists(cue, max_size=2),
                  "routes": st.lists(route, max_size=3), "lfos": st.lists(lfo, max_size=1),
                  "seed": number, "control_hz": number, "size_px": st.just([320, 180]),
                  "master": st.dictionaries(st.sampled_from(["bpm", "speed"]), anything)},
    )  # fmt: skip


@settings(max_examples=150)
@given(tables())
def test_a_show_plays_or_is_refused_in_one_sentence(table: dict) -> None:
    try:
        show, _ = load.read(tomlkit.dumps(table), "my.toml", lambda name: GLOW)
    except ShowError as error:
        show, refusal = None, str(error)
    if show is None:
        assert refusal.startswith("my.toml: ")
        return
    state = run(show, 3, [(1, "/cue/one/go", True), (2, "/signal/audio", (1.0,) * 9)])
    values = sample(show, state, 3 / float(show.control_hz)).values
    assert all(math.isfinite(v) for v in values)


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_a_show_survives_the_way_through_toml(path: Path) -> None:
    text = path.read_text("utf-8")
    table = load.decode(text, "a")
    again = load.decode(tomlkit.dumps(_without_none(msgspec.to_builtins(table))), "b")
    assert again == table
    assert isinstance(again, ShowTable)


def test_defaults_survive_the_way_through_toml() -> None:
    table = load.decode("schema = 1\n" + FORM, "a")
    again = load.decode(tomlkit.dumps(_without_none(msgspec.to_builtins(table))), "b")
    assert again == table


def _without_none(found):
    if isinstance(found, dict):
        return {k: _without_none(v) for k, v in found.items() if v is not None}
    if isinstance(found, list | tuple):
        return [_without_none(v) for v in found]
    return found


@pytest.mark.parametrize(
    ("text", "rate"),
    [("60", 60), (24, 24), (59.94, "60000/1001"), ("23.976", "24000/1001"), ("23.98", "24000/1001"),
     ("30000/1001", "30000/1001"), (12.5, "25/2"), (" 50 ", 50), ("1e2", 100)],
)  # fmt: skip
def test_rates_are_exact(text, rate) -> None:
    assert parse_rate(text) == Fraction(rate)


@given(
    st.one_of(st.text(max_size=20), st.floats(), st.integers(), st.from_regex(r"\d+(/\d+|e\d+)"))
)
def test_a_rate_is_one_or_is_refused(text) -> None:
    try:
        rate = parse_rate(text)
    except ValueError as error:
        rate, refusal = None, str(error)
    if rate is None:
        assert "is not a rate" in refusal
    else:
        assert 0 < rate <= 1000


def test_effective_defaults_are_those_of_the_file() -> None:
    show = read_show()
    plan = sample(show, run(show, 0), 0.0)
    for parameter, value in zip(show.registry.parameters, plan.values, strict=True):
        assert value == parameter.default, parameter.address
        assert parameter.low <= value <= parameter.high


def test_a_linked_show_finds_what_lies_beside_the_real_one(tmp_path: Path) -> None:
    """Case field/15: an installation's current.toml."""
    deep = tmp_path / "deep"
    deep.mkdir()
    drawing = "void main() { gl_FragColor = vec4(1.0); }\n"
    (deep / "mine.fs").write_text('/*{"ISFVSN": "2"}*/\n' + drawing)
    np.save(deep / "saved.npy", np.ones((2, 64)))
    (deep / "real.toml").write_text(
        'schema = 1\n[[layers]]\nid = "a"\n[layers.source]\nshader = "mine"\n'
        '[[layers]]\nid = "b"\n[layers.generator]\nkind = "cppn"\n'
        '[layers.path]\nkeys = ["saved.npy"]\n'
    )
    link = tmp_path / "linked.toml"
    link.symlink_to(deep / "real.toml")
    loaded = load.load(str(link))
    assert loaded.shader_paths["mine"] == deep / "mine.fs"
    assert len(loaded.show.paths[0].keys.keys) == 2
    (tmp_path / "mine.fs").write_text((deep / "mine.fs").read_text())
    assert load.load(str(link)).shader_paths["mine"] == tmp_path / "mine.fs"  # its own come first
    for file in (tmp_path / "mine.fs", deep / "mine.fs"):
        file.unlink()
    with pytest.raises(load.ShowError, match="no shader 'mine' beside the show") as error:
        load.load(str(link))
    assert f"(in {tmp_path} or {deep})" in str(error.value)
