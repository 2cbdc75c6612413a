"""Projects of Kdenlive, Shotcut and melt: what they show is what melt draws."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.documents.edit.timeline import EditError, Film
from tests.edits import FPS, frames, look, mlt_text
from tests.places import DATA

FILM = Film(("out.mp4",), Fraction(FPS), 300)
PRODUCER = (
    '<producer id="p" in="0" out="99"><property name="length">100</property>'
    '<property name="resource">out.mp4</property></producer>'
)
TWO = (
    '<playlist id="a"><entry producer="p" in="0" out="29"/></playlist>'
    '<playlist id="b"><blank length="20"/><entry producer="p" in="50" out="69"/></playlist>'
)


def case(name: str) -> str:
    return (DATA / "edits" / name).read_text("utf-8")


def timeline(*tracks: str, more: str = "", inside: str = TWO) -> str:
    shown = "".join(f'<track producer="{each}"/>' for each in ("black", *tracks))
    return mlt_text(f'{PRODUCER}{inside}<tractor id="t">{shown}{more}</tractor>')


def transition(service: str, more: str = "") -> str:
    return (
        '<transition in="20" out="29"><property name="a_track">1</property>'
        f'<property name="b_track">2</property>'
        f'<property name="mlt_service">{service}</property>{more}</transition>'
    )


def test_an_entry_counts_from_the_in_of_its_producer() -> None:
    shots = look(".mlt", case("melt-producer-in.mlt"), FILM)[0]
    assert [int(s.first) for s in shots] == [*range(10, 30), *range(100, 115), *range(50, 55)]
    inner = (
        '<playlist id="i" in="10" out="29"><entry producer="p" in="50" out="89"/></playlist>'
        '<tractor id="n" in="10" out="29"><track producer="a"/></tractor>'
    )
    entries = "".join(f'<entry producer="{each}" in="3" out="5"/>' for each in "in")
    lists = f'<playlist id="c">{entries}</playlist>'
    text = timeline("c", inside=TWO + inner + lists)
    assert frames(".mlt", text) == [63, 64, 65, 3, 4, 5]  # the in of a tractor means nothing


def test_time_warps_of_trimmed_producers() -> None:
    shots = look(".mlt", case("warp.mlt"), FILM)[0]
    assert [float(s.first) for s in shots[:20]] == [20 + 2 * k for k in range(20)]
    assert [float(s.first) for s in shots[20:50]] == [20 + k / 2 for k in range(30)]
    assert [int(s.first) for s in shots[50:]] == [*[49] * 20, *range(49, 39, -1)]  # as melt does


def test_the_file_behind_an_editing_proxy_is_meant() -> None:
    assert frames(".mlt", case("shotcut-proxy.mlt")) == list(range(10, 20))
    text = case("shotcut-proxy.mlt").replace("shotcut:resource", "kdenlive:originalurl")
    assert frames(".mlt", text) == list(range(10, 20))
    with pytest.raises(EditError, match=r"item 1 shows 'ab12\.mp4', which is not the proxy"):
        frames(".mlt", text.replace("films/out.mp4", "-"))


@pytest.mark.parametrize(
    ("speed", "wanted"),
    [
        ("2.000000", [20, 22, 24]),
        ("0,5", [5, 5.5, 6]),
        ("0.33333333333333331", [10 / 3, 11 / 3, 4]),
    ],
)
def test_speeds_as_programs_write_them(speed: str, wanted: list[float]) -> None:
    warp = (
        '<producer id="w" out="99"><property name="mlt_service">timewarp</property>'
        f'<property name="warp_speed">{speed}</property>'
        f'<property name="resource">{speed}:/x/out.mp4</property></producer>'
        '<playlist id="c"><entry producer="w" in="10" out="12"/></playlist>'
    )
    assert [float(f) for f in frames(".mlt", timeline("c", inside=warp))] == pytest.approx(wanted)
    old = warp.replace("timewarp", "framebuffer").replace("warp_speed", "x")
    old = old.replace(f"{speed}:/x/out.mp4", f"/x/out.mp4?{speed}")
    assert [float(f) for f in frames(".mlt", timeline("c", inside=old))] == pytest.approx(wanted)


def test_mixes_dissolves_and_wipes() -> None:
    pairs = [(20 + k, 50 + k) for k in range(10)]
    whole = [*range(20), *pairs, *range(60, 70)]
    assert frames(".mlt", timeline("a", "b", more=transition("luma"))) == whole
    assert frames(".mlt", timeline("a", "b")) == [*range(20), *range(50, 70)]
    for service, more in (
        ("luma", '<property name="resource">%luma03.pgm</property>'),
        ("wipe", ""),
    ):
        text = timeline("a", "b", more=transition(service, more))
        assert frames(".mlt", text) == whole
        assert "a wipe is followed as a dissolve" in look(".mlt", text)[2][0]
    mix = transition("slide", '<property name="kdenlive:mixcut">5</property>')
    mixed = TWO + (
        '<tractor id="v"><property name="kdenlive:timeline_active">1</property>'
        f'<track producer="a"/><track producer="b"/>{mix}</tractor>'
    )
    assert frames(".mlt", timeline("v", inside=mixed)) == whole
    always = transition("luma", '<property name="always_active">1</property>')
    assert frames(".mlt", timeline("a", "b", more=always)) == [*range(20), *range(50, 70)]
    notes = look(".mlt", timeline("a", "b", more=transition("composite")))[2]
    assert notes == ["edit.mlt: 1 effects are left out: composite"]


def test_black_hides_what_is_below_and_nothing_is_seen_through() -> None:
    for colour, wanted in (
        ("black", [None, None]),
        ("#000000ff", [None, None]),
        ("#00000000", [2, 3]),
        ("transparent", [2, 3]),
    ):
        lists = (
            f'<producer id="x" out="99"><property name="mlt_service">color</property><property '
            f'name="resource">{colour}</property></producer><playlist id="c"><entry producer="p" '
            'in="0" out="5"/></playlist><playlist id="d"><blank length="2"/><entry producer="x" '
            'in="0" out="1"/></playlist>'
        )
        assert frames(".mlt", timeline("c", "d", inside=lists)) == [0, 1, *wanted, 4, 5]


@pytest.mark.parametrize(
    ("properties", "word"),
    [
        ({"mlt_service": "kdenlivetitle"}, "titles"),
        ({"mlt_service": "color", "resource": "#ff0000ff"}, "titles"),
        ({"mlt_service": "qimage", "resource": "cat.png"}, "media"),
        ({"mlt_service": "avformat", "resource": "cat.mp4"}, "media"),
    ],
)
def test_titles_and_other_media_are_named_or_left_out(properties, word: str) -> None:
    told = "".join(f'<property name="{k}">{v}</property>' for k, v in properties.items())
    lists = (
        f'<producer id="x" out="99">{told}</producer><playlist id="c"><entry producer="p" in="0" '
        'out="5"/></playlist><playlist id="d"><entry producer="x" in="0" out="1"/></playlist>'
    )
    text = timeline("c", "d", inside=lists)
    with pytest.raises(EditError, match=rf"track 2, item 1 .*--ignore {word}"):
        frames(".mlt", text)
    assert frames(".mlt", text, ignored=[word]) == list(range(6))
    assert "left out" in look(".mlt", text, ignored=[word])[2][0]


def test_what_is_no_picture_is_not_there() -> None:
    for name, value in (("video_index", "-1"), ("set.test_image", "1")):
        lists = (
            f'<producer id="x" out="9"><property name="resource">cat.mp4</property><property '
            f'name="{name}">{value}</property></producer><playlist id="c">'
            '<entry producer="p" in="0" out="2"/></playlist>'
            '<playlist id="d"><entry producer="x" in="0" out="1"/></playlist>'
        )
        assert frames(".mlt", timeline("c", "d", inside=lists)) == [0, 1, 2]
    assert frames(".mlt", mlt_text(
        f'{PRODUCER}{TWO}<tractor id="t"><track producer="a"/><track hide="video" producer="b"/>'
        "</tractor>"
    )) == list(range(30))  # fmt: skip


def test_effects_are_counted_and_a_freeze_is_refused() -> None:
    effect = (
        '<filter><property name="mlt_service">{}</property><property name="{}">1</property>'
        "</filter>"
    )
    shown = '<playlist id="c"><entry producer="p" in="0" out="2">{}</entry></playlist>'
    many = "".join(effect.format(name, "x") for name in ("brightness", "sepia", "volume", "sepia"))
    many += effect.format("freeze", "disable") + effect.format("blur", "internal_added")
    found, _, notes = look(".mlt", timeline("c", inside=shown.format(many)))
    assert (len(found), notes) == (3, ["edit.mlt: 3 effects are left out: sepia, brightness"])
    text = timeline("c", inside=shown.format(effect.format("freeze", "frame")))
    with pytest.raises(EditError, match="item 1: the effect 'freeze' holds the picture"):
        frames(".mlt", text)


def test_the_timeline_is_never_the_bin() -> None:
    text = timeline("a").replace("<mlt ", '<mlt producer="main bin" ')
    text = text.replace(
        "<tractor", '<playlist id="main bin"><entry producer="p" out="99"/></playlist><tractor'
    )
    assert frames(".kdenlive", text) == list(range(30))
    alone = mlt_text(f"{PRODUCER}{TWO}").replace("<mlt ", '<mlt producer="a" ')
    assert frames(".mlt", alone) == list(range(30))
    without = mlt_text(
        f'{PRODUCER}<playlist id="c"><entry producer="p" in="97"/></playlist>'
        '<tractor id="t"><track producer="c"/></tractor>'
    )
    assert frames(".mlt", without) == [97, 98, 99]


def test_transitions_as_shotcut_and_melt_write_them() -> None:
    fade = (
        '<transition {}><property name="a_track">0</property><property name="b_track">1</property>'
        '<property name="mlt_service">luma</property></transition>'
    )
    for times in ('out="9"', 'in="0" out="9"', 'in="0"'):
        inside = (
            '<tractor id="x" in="0" out="9"><track producer="p" in="20" out="29"/>'
            f'<track producer="p" in="50" out="59"/>{fade.format(times)}</tractor><playlist id="c">'
            '<entry producer="p" in="10" out="19"/><entry producer="x" in="0" out="9"/>'
            '<entry producer="p" in="60" out="61"/></playlist>'
        )
        pairs = [(20 + k, 50 + k) for k in range(10)]
        wanted = [*range(10, 20), *pairs, 60, 61]
        assert frames(".mlt", timeline("c", inside=inside)) == wanted
    old = timeline("a").replace('<track producer="black"/>', "<multitrack>")
    old = old.replace("</tractor>", "</multitrack></tractor>")
    assert frames(".mlt", old) == list(range(30))
