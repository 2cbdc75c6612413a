"""The lint: dead, fighting and clipped routes are named, and sound ones are not."""

from __future__ import annotations

import pytest

from engine.core.control.lint import lint
from engine.documents.assets import assets_dir
from engine.documents.show.load import load
from tests.making import read_show

GLOW = "/layer/form/effect/glow/amount"  # 0.5, from 0 to 1
SHIPPED = sorted(path.stem for path in assets_dir("presets").glob("*.toml"))


def show_of(text: str):
    return read_show(f"""
signals = ["hand"]
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
[[layers.effects]]
id = "glow"
shader = "glow"
{text}""")


def route(keys: str = "", signal: str = "hand", target: str = GLOW, depth: float = 0.3) -> str:
    return f'[[routes]]\nsignal = "{signal}"\ntarget = "{target}"\ndepth = {depth}\n{keys}\n'


def found(text: str) -> list[tuple[str, bool, str, str]]:
    return [tuple(each) for each in lint(show_of(text))]


def test_what_is_sound_is_left_alone() -> None:
    text = route() + route("release_s = 1", target="/layer/form/opacity", depth=-0.5)
    text += f'[[macros]]\nid = "m"\ntargets = [{{ target = "{GLOW}", range = [0.1, 0.6] }}]\n'
    assert found(text) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_is_wrong_with_a_shipped_show(name: str) -> None:
    assert [each for each in lint(load(name).show) if each.is_wrong] == []


SQUARE = '[[lfos]]\nid = "o"\nwave = "square"\nwidth = 1.0\n'
SEQUENCE = '[[modulators]]\nid = "s"\nkind = "sequence"\nvalues = {}\n'


@pytest.mark.parametrize(
    ("text", "kind", "is_wrong", "where", "why"),
    [
        (route(depth=0), "dead", True, "routes[0]", "its depth is 0"),
        (SQUARE + route(signal="lfo/o"), "dead", True, "routes[0]", "lfo/o never moves"),
        (SEQUENCE.format("[2, 2]") + route(signal="mod/s"), "dead", True, "routes[0]", "never"),
        (SEQUENCE.format("[2, 3]") + route(signal="mod/s"), "dead", True, "routes[0]", "all of it"),
        (SEQUENCE.format("[0, 3]") + route(signal="mod/s"), "clipped", False, "routes[0]",
         "mod/s goes from 0 to 3, its range is 0 to 1"),
        ('[[modulators]]\nid = "e"\nkind = "expression"\nexpression = "2 + 2"\n'
         + route(signal="mod/e"), "dead", True, "routes[0]", "mod/e never moves"),
        (SQUARE + '[[modulators]]\nid = "f"\nkind = "follower"\nsignal = "lfo/o"\n'
         + route(signal="mod/f"), "dead", True, "routes[0]", "mod/f never moves"),
        ('[[lfos]]\nid = "o"\nrate_hz = 0\n' + route(signal="lfo/o"), "dead", False, "routes[0]",
         "raises /lfo/o/rate_hz"),
        ('[[lfos]]\nid = "o"\n', "dead", False, "lfos.o", "no route and no modulator hears it"),
        (SEQUENCE.format("[0, 1]"), "dead", False, "modulators.s", "hears it"),
        (route('mode = "replace"') * 2, "fighting", True, "routes[0]", "routes[1] replaces"),
        (route() + route('mode = "replace"'), "fighting", True, "routes[0]", "routes[1] replaces"),
        (route('mode = "replace"')
         + f'[[macros]]\nid = "m"\ntargets = [{{ target = "{GLOW}", range = [0, 1] }}]\n',
         "fighting", True, "macros.m", "routes[0] replaces"),
        (route('mode = "replace"') + f'[[cues]]\nid = "c"\nset = {{ "{GLOW}" = 0.2 }}\n',
         "fighting", True, "routes[0]", "also set by the cue c"),
        (route(depth=0.9), "clipped", False, "routes[0]", "44% of the way is lost"),
        (route(depth=0.4) + f'[[cues]]\nid = "c"\nset = {{ "{GLOW}" = 0.8 }}\n', "clipped", False,
         "routes[0]", "from 0.8"),
        (route(target="/layer/form/opacity"), "dead", True, "routes[0]", "all of it outside 0 to"),
        (route(target="/layer/form/effect/glow/mode", depth=0.4), "dead", True, "routes[0]",
         "too little to change a whole number"),
    ],
)  # fmt: skip
def test_it_names(text: str, kind: str, is_wrong: bool, where: str, why: str) -> None:
    listed = [each for each in found(text) if each[0] == kind and why in each[3]]
    assert (is_wrong, where) in [each[1:3] for each in listed], found(text)


def test_it_names_what_nobody_sees_until_a_hand_raises_it() -> None:
    text = """
[[layers]]
id = "dark"
opacity = 0.0
[[layers.effects]]
id = "glow"
shader = "glow"
"""
    dark = "/layer/dark/effect/glow/amount"
    told = "nobody sees /layer/dark/effect/glow/amount until somebody raises /layer/dark/opacity"
    assert told in [each[3] for each in found(text + route(target=dark))]
    cue = '[[cues]]\nid = "c"\nsolo = ["dark"]\n'
    assert told not in [each[3] for each in found(text + route(target=dark) + cue)]
