"""Mappings as text: what is refused, series, and the way back into a show with its comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.curves import CURVES
from engine.core.show.mapping import CODINGS, MODES, TAKEOVERS, ControlMapping
from engine.documents.show import load
from engine.documents.show.mappings import with_mappings
from tests.making import read_show

ADDRESS = "/layer/form/opacity"


def mappings(text: str) -> tuple[ControlMapping, ...]:
    return read_show(text).mappings


def test_a_series_is_several_mappings() -> None:
    text = '[[mappings]]\ncontrol = "midi/{1-3}/cc/7"\naddress = "/layer/{4-6}/opacity"\n'
    assert [(m.control, m.address) for m in mappings(text)] == [
        (f"midi/{n}/cc/7", f"/layer/{n + 3}/opacity") for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('control = "midi/17/cc/7"', r"mappings\[0\]: midi/17/cc/7: a MIDI channel is 1 to 16"),
        ('control = "fader"', r"mappings\[0\]: 'fader' is no control: write it like midi/1/cc/16"),
        ('control = "key/a"\ncurve = "bent"', r"curve: 'bent' is not known; allowed are: linear"),
        ('control = "midi/1/cc/{1-3}"\naddress = "/layer/{1-2}/x"', "not equally long"),
        ('control = "midi/1/cc/{3-1}"', r"control: {3-1} is not 1 to 128 numbers"),
        ('control = "midi/1/cc/{0-99999}"', r"is not 1 to 128 numbers"),
        ('control = "key/a"\nlight = { on = 200 }', "light: on and off are 0 to 127"),
        ('control = "key/a"\nlight = { dim = 2 }', "unknown key 'dim'; allowed are: on, off"),
        ('control = "key/a"\nmode = "flip"', "mode: 'flip' is not allowed; allowed are: , value"),
        ('control = "midi/1/cc/1"\ncoding = "offset_64"\ncurve = "root"', "has no curve"),
        ('control = "midi/1/cc/1"\ncoding = "offset_64"\nmode = "toggle"', "no mode but value"),
        ('control = "midi/1/note/1-5"\nmode = "toggle"', "several keys"),
        ('control = "key/a"\nstep = nan', "step: outside"),
        ('control = "key/a"\naddress = "opacity"', "address: 'opacity' does not begin with /"),
        ("device = 5", "mappings"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, why: str) -> None:
    address = "" if "address" in text else f'address = "{ADDRESS}"\n'
    with pytest.raises(load.ShowError, match=why):
        mappings(f"[[mappings]]\n{address}{text}\n")


MADE = st.builds(
    ControlMapping,
    st.sampled_from(["midi/1/cc/7", "midi/2/note/60", "key/a", "gamepad/1/axis/left_x"]),
    st.sampled_from([ADDRESS, "/layer/none/opacity", ""]),
    st.text("abc \"'\\é", max_size=8),
    st.none() | st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    st.sampled_from(sorted(CURVES)),
    st.sampled_from(["", *TAKEOVERS]),
    st.just(CODINGS[0]),
    st.floats(-9, 9),
    st.sampled_from(["", *MODES]),
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9)
    | st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.none() | st.tuples(st.integers(0, 127), st.integers(0, 127)).map(
        lambda pair: (pair[0] / 127.0, pair[1] / 127.0)
    ),
)  # fmt: skip


@given(st.lists(MADE, max_size=4, unique_by=lambda m: (m.control, m.device)))
def test_what_is_written_into_a_show_is_read_again(made: list[ControlMapping]) -> None:
    text = with_mappings("# mine\nsignals = []   # none\n", made)
    assert text == "# mine\nsignals = []   # none\n" or made
    assert text.startswith("# mine\nsignals = []   # none\n")
    found = mappings(text)
    assert len(found) == len(made)
    for one, other in zip(found, made, strict=True):
        assert one.light == (other.light and pytest.approx(other.light))
        assert one.value == other.value
        assert (one.control, one.address, one.device, one.range, one.curve) == (
            other.control, other.address, other.device, other.range, other.curve,
        )  # fmt: skip


def test_a_control_that_is_mapped_again_keeps_its_place_and_the_comments() -> None:
    text = (
        '[[mappings]]   # left hand\ncontrol = "key/a"\naddress = "/x"\nmode = "toggle"\n\n'
        '[[mappings]]   # right hand\ncontrol = "key/b"\naddress = "/y"\n'
    )
    found = with_mappings(text, [ControlMapping("key/a", ADDRESS)])
    assert found.replace("\n\n", "\n") == (
        f'[[mappings]]   # left hand\ncontrol = "key/a"\naddress = "{ADDRESS}"\n'
        '[[mappings]]   # right hand\ncontrol = "key/b"\naddress = "/y"\n'
    )


def test_a_series_that_loses_one_is_written_out() -> None:
    text = (
        '[[mappings]]\ncontrol = "key/{1-3}"\naddress = "/layer/{1-3}/opacity"\nmode = "toggle"\n'
    )
    found = mappings(with_mappings(text, [ControlMapping("key/2", "/master/jump")]))
    assert [(m.control, m.address, m.mode) for m in found] == [
        ("key/1", "/layer/1/opacity", "toggle"),
        ("key/2", "/master/jump", ""),
        ("key/3", "/layer/3/opacity", "toggle"),
    ]
    assert mappings(with_mappings(text, [ControlMapping("key/2", "/x", "pads")]))[0].control == (
        "key/1"
    )  # the series stays whole: that is of one device


def test_a_list_of_mappings_on_one_line_stays_a_list() -> None:
    text = 'mappings = [{ control = "key/a", address = "/x" }]   # mine\nsignals = []\n'
    found = with_mappings(text, [ControlMapping("key/a", "/y"), ControlMapping("key/b", "/z")])
    assert "# mine" in found
    assert [(m.control, m.address) for m in mappings(found)] == [("key/a", "/y"), ("key/b", "/z")]
