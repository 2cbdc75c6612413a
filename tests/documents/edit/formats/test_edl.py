"""Edit decision lists of real programs: speeds, media, keys, wipes and where a list begins."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.documents.edit.timeline import EditError, Film
from tests.edits import frames, look
from tests.places import DATA

NTSC = Fraction(30000, 1001)


def case(name: str) -> str:
    return (DATA / "edits" / name).read_text("utf-8")


def film(fps: Fraction | int) -> Film:
    return Film(("out.mp4",), Fraction(fps), 100_000)


def places(text: str, fps: Fraction | int = 25, **more: object) -> list[float | None]:
    return [
        None if s.first is None else float(s.first)
        for s in look(".edl", text, film(fps), **more)[0]
    ]


def event(number: int, how: str, *times: str, reel: str = "AX", channel: str = "V") -> str:
    return f"{number:03d}  {reel:8} {channel:5} {how:8} {' '.join(f'00:00:{t}' for t in times)}\n"


def test_exact_ranges_decide_where_m2_is_rounded() -> None:
    text = case("m2-rounded.edl")
    found = places(text, NTSC)
    assert (len(found), found[0], found[-1]) == (1800, 300.0, 3898.0)
    same = text.replace("059.9", "030.0").replace("00:02:10:00", "00:01:10:00")
    assert places(same, NTSC)[-1] == 2099.0


def test_a_speed_belongs_to_the_side_of_a_dissolve_that_its_timecode_names() -> None:
    shots = look(".edl", case("m2-in-dissolve.edl"), film(24))[0]
    assert [float(s.first) for s in shots[96:100]] == [192, 194, 196, 198]
    assert [float(s.second) for s in shots[96:100]] == [480, 481, 482, 483]
    assert float(shots[-1].first) == 575
    without = case("m2-in-dissolve.edl").replace(
        "M2   AX       048.0                00:00:08:00\n", ""
    )
    assert look(".edl", without, film(24))[0] == shots  # it goes on as fast as it came


def test_a_freeze_and_ranges_that_contradict_m2() -> None:
    text = event(1, "C", "10:00", "10:01", "00:00", "00:10")
    assert places(f"{text}M2   AX       000.0                00:00:10:00\n") == [250.0] * 10
    text = event(1, "C", "10:00", "10:10", "00:00", "00:10")
    found, _, notes = look(".edl", f"{text}M2   AX       050.0    00:00:10:00\n", film(25))
    assert [float(s.first) for s in found] == [250 + 2 * k for k in range(10)]
    assert notes == ["edit.edl: line 1: M2 says 2 times, its ranges 1; M2 is followed"]
    with pytest.raises(EditError, match="line 2: 'M2 AX fast' is no speed"):
        places(f"{text}M2 AX fast\n")


def test_ranges_that_differ_without_m2_are_told() -> None:
    notes = look(".edl", event(1, "C", "10:00", "10:10", "00:00", "00:20"), film(25))[2]
    assert notes == [
        "edit.edl: line 1: without an M2 line its ranges differ; it is played at 0.5 times"
    ]


def test_foreign_media_are_all_named_or_left_out() -> None:
    told = r"line 4 shows 'cat\.mp4', line 6 shows 'DOG', which is not the proxy out\.mp4; .*ignore"
    with pytest.raises(EditError, match=told):
        places(case("foreign-media.edl"), 24)
    text = case("foreign-media.edl") + event(3, "C", "01:00", "02:00", "04:00", "05:00").replace(
        "00:00:04:00 00:00:05:00", "01:00:04:00 01:00:05:00"
    )
    assert places(text, 24, ignored=["media"]) == [None] * 96 + [float(24 + k) for k in range(24)]
    known = Film(("out.mp4", "cat", "DOG"), Fraction(24), 100_000)
    assert len(look(".edl", case("foreign-media.edl"), known)[0]) == 96


@pytest.mark.parametrize(
    ("reel", "name", "is_proxy"),
    [
        ("AX", "", True),
        ("OUT", "", True),
        ("OUT.MP4", "", True),
        ("001", "", False),
        ("TAPE7", "* FROM CLIP NAME: Out.MP4", True),
        ("AX", "* from clip name: cat.mp4", False),
        ("AX", "* FROM FILE: S:\\films\\out.mp4", True),
        ("AX", "FROM CLIP NAME: dog", False),
    ],
)
def test_reels_and_names(reel: str, name: str, is_proxy: bool) -> None:
    text = event(1, "C", "00:00", "00:05", "00:00", "00:05", reel=reel) + name + "\n"
    if is_proxy:
        assert frames(".edl", text) == [0, 1, 2, 3, 4]
    else:
        with pytest.raises(EditError, match="line 1 shows"):
            frames(".edl", text)


def test_where_a_list_begins() -> None:
    film25 = film(25)
    found, _, notes = look(".edl", case("slate-before-hour.edl"), film25)
    firsts = [None if s.first is None else int(s.first) for s in found]
    assert firsts == [*range(10, 35), *[None] * 25, *range(100, 125)]
    assert notes == [
        "edit.edl: begins at 00:59:58:00, with its first event; if the film begins elsewhere, say "
        "--begin HH:MM:SS:FF"
    ]
    found, _, notes = look(".edl", case("slate-before-hour.edl"), film25, begin="01:00:00:00")
    assert ([int(s.first) for s in found], notes) == (list(range(100, 125)), [])
    assert len(places(case("leader.edl"))) == 100
    assert places(case("leader.edl"), begin="01:00:00:00") == [float(250 + k) for k in range(50)]
    assert places(case("leader.edl"), begin="00:59:57:00")[:76] == [None] * 75 + [250.0]
    with pytest.raises(EditError, match="--begin: 'noon' is no timecode"):
        places(case("leader.edl"), begin="noon")


def test_drop_frame_counts_the_numbers_that_it_leaves_out() -> None:
    found = places(case("dropframe.edl"), NTSC)
    assert (len(found), found.count(None), found[-1]) == (1820, 1790, 39.0)


def test_wipes_are_said_and_keys_are_titles() -> None:
    text = event(1, "C", "00:00", "00:10", "00:00", "00:10") + event(
        2, "W001 005", "02:00", "02:10", "00:10", "00:20"
    )
    found, _, notes = look(".edl", text)
    assert [s.second for s in found[10:15]] == [50, 51, 52, 53, 54]
    assert notes == ["edit.edl: line 2: a wipe is followed as a dissolve"]
    text = event(1, "K B", "00:00", "00:10", "00:00", "00:10") + event(
        1, "K 000", "02:00", "02:10", "00:00", "00:10"
    )
    with pytest.raises(EditError, match=r"line 2 is a key over another .*--ignore titles"):
        frames(".edl", text)
    assert frames(".edl", text, ignored=["titles"]) == list(range(10))


def test_sound_events_and_every_comment_are_passed_over() -> None:
    text = (
        "TITLE: x\nFCM: NON-DROP FRAME\nSPLIT:    AUDIO DELAY=  00:00:00:05\n"
        + event(1, "C", "00:00", "09:00", "00:00", "09:00", channel="A2")
        + event(2, "C", "00:00", "00:05", "00:00", "00:05", channel="AA/V")
        + "* LOC: 00:00:00:02 RED     MARK\n*ASC_SAT 0.9\nAUD  3 4\n"
        "EFFECTS NAME IS CROSS DISSOLVE\n"
        "FINAL CUT PRO REEL: x REPLACED BY: y\n>>> SOURCE AX\n"
    )
    assert frames(".edl", text) == [0, 1, 2, 3, 4]
    latin = text.replace("MARK", "M\xe4rz").encode("latin-1")
    assert frames(".edl", latin) == [0, 1, 2, 3, 4]
