"""Macros: one knob for many parameters, before routes and after what moves the knob."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.core.event import Event
from engine.core.frame.values import effective, ramped
from engine.core.show.reach import Movers
from engine.core.show.state import first_state
from tests.making import film, frames_at, read_show, run

GLOW = "/layer/form/effect/glow/amount"
OPACITY = "/layer/form/opacity"
SPEED = "/layer/form/path/speed"


def show_of(targets: str, more: str = "", value: float = 0.5):
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
[[macros]]
id = "wet"
value = {value}
targets = [{targets}]
{more}""")


def value(show, address: str, events=(), tick: int = 5) -> float:
    state = run(show, tick, events)
    return float(effective(show, state, tick / 120)[show.registry.index[address]])


@pytest.mark.parametrize(
    ("mode", "expected"), [("replace", 0.3), ("add", 0.8), ("multiply", 0.15), ("max", 0.5)]
)
def test_a_macro_enters_by_its_mode(mode: str, expected: float) -> None:
    show = show_of(f'{{ target = "{GLOW}", range = [0.2, 0.4], mode = "{mode}" }}')
    assert value(show, GLOW) == pytest.approx(expected)


def test_one_knob_moves_many_each_over_its_own_way() -> None:
    show = show_of(f"""
{{ target = "{GLOW}", range = [0.0, 1.0], curve = "square" }},
{{ target = "{OPACITY}", range = [1.0, 0.2] }},
{{ target = "{SPEED}", range = [0.0, 2.0] }}""")
    turned = [(2, "/macro/1", 0.8)]
    found = [value(show, address, turned) for address in (GLOW, OPACITY, SPEED)]
    assert found == pytest.approx([0.64, 0.36, 1.6])
    assert run(show, 5, turned).paths[0].speed == pytest.approx(1.6)


def test_routes_ride_on_a_macro_and_move_it() -> None:
    routes = f"""
[[routes]]
signal = "hand"
target = "{GLOW}"
depth = 0.1
[[routes]]
signal = "hand"
target = "/macro/wet"
depth = 0.25
"""
    show = show_of(f'{{ target = "{GLOW}", range = [0.0, 0.8] }}', routes)
    assert value(show, GLOW) == pytest.approx(0.4)
    assert value(show, GLOW, [(1, "/signal/hand", 1.0)]) == pytest.approx(0.75 * 0.8 + 0.1)


def test_a_macro_moves_a_macro_and_the_depth_of_a_route() -> None:
    more = f"""
[[routes]]
id = "r"
signal = "hand"
target = "{GLOW}"
depth = 0.0
[[macros]]
id = "all"
value = 0.25
targets = [{{ target = "/macro/wet", range = [0.0, 2.0] }}]
"""
    show = show_of('{ target = "/route/r/depth", range = [0.0, 1.0] }', more)
    assert value(show, GLOW, [(1, "/signal/hand", 1.0)]) == pytest.approx(1.0)
    assert value(show, GLOW, [(1, "/signal/hand", 1.0), (1, "/macro/all", 0.1)]) == pytest.approx(
        0.7
    )


def test_a_cue_moves_a_macro_exactly_between_ticks() -> None:
    cue = '[[cues]]\nid = "c"\nset = { "/macro/wet" = 1.0 }\ntime_s = 1.0\ncurve = "linear"'
    show = show_of(f'{{ target = "{GLOW}", range = [0.0, 1.0] }}', cue, 0.0)
    events = {0: [Event(0, "/cue/c/go", 1)]}
    place = show.registry.index[GLOW]
    for plan in film(show, frames_at(Fraction(144), 1.0), events)[1]:
        assert plan.values[place] == pytest.approx(plan.seconds)


def test_base_and_modulation_stand_apart() -> None:
    show = show_of(f'{{ target = "{GLOW}", range = [0.2, 0.4] }}')
    state, place = run(show, 3), show.registry.index[GLOW]
    assert ramped(show, state, 3 / 120)[place] == 0.5
    assert effective(show, state, 3 / 120)[place] == pytest.approx(0.3)


def test_macros_have_their_number_as_a_second_name() -> None:
    longer = f'[[macros]]\nid = "wetter"\ntargets = [{{ target = "{SPEED}", range = [0, 1] }}]'
    show = show_of(f'{{ target = "{GLOW}", range = [0.0, 1.0] }}', longer)
    index = show.registry.index
    assert index["/macro/1"] == index["/macro/wet"]
    assert index["/macro/2"] == index["/macro/wetter"]
    assert [name for name in index if name.startswith("/macro/1")] == ["/macro/1"]


@pytest.mark.parametrize(
    ("targets", "more", "why"),
    [
        ("", "", "macros[0].targets: a macro has at least one"),
        ('{ target = "/master/jump", range = [0, 1] }', "", "targets[0].target: /master/jump"),
        ('{ target = "/layer/form/opacit", range = [0, 1] }', "", "near are: /layer/form/opacity"),
        (f'{{ target = "{GLOW}", range = [0, inf] }}', "", "targets[0].range: two numbers"),
        (f'{{ target = "{GLOW}", range = [0, 1], curve = "bent" }}', "", "curve: 'bent'"),
        (f'{{ target = "{GLOW}" }}', "", "the key 'range' is missing"),
        (f'{{ target = "{GLOW}", range = [0, 1], rang = 1 }}', "", "unknown key 'rang'"),
        ('{ target = "/macro/b", range = [0, 1] }',
         '[[macros]]\nid = "b"\ntargets = [{ target = "/macro/wet", range = [0, 1] }]',
         "macros: they move each other in a circle: /macro/"),
        ('{ target = "/route/r/depth", range = [0, 1] }',
         '[[routes]]\nid = "r"\nsignal = "hand"\ndepth = 1\ntarget = "/macro/wet"',
         "macros: one moves itself"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(targets: str, more: str, why: str) -> None:
    with pytest.raises(ValueError, match="test: ") as caught:
        show_of(targets, more)
    assert why in str(caught.value)


def test_routes_alone_enter_as_they_are_listed() -> None:
    show = read_show("\n".join(
        f'[[routes]]\nid = "{name}"\nsignal = "beat/phase"\ntarget = "{target}"\ndepth = 1'
        for name, target in (("a", GLOW), ("b", "/route/a/depth"), ("c", OPACITY))
    ))  # fmt: skip
    assert Movers(show.routes, (), (), ()).order == (0, 1, 2)
    assert not show.constants.is_modulated
    assert first_state(show).modulators == ()
