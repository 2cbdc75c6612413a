"""XML of Final Cut Pro 7, Premiere and Resolve (xmeml)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.documents.edit.timeline import EditError, Film
from tests.edits import frames, look, xmeml, xmeml_clip, xmeml_speed

TITLE = (
    "<generatoritem><name>Title</name><start>2</start><end>4</end><in>0</in><out>2</out>"
    "<effect><name>{}</name></effect></generatoritem>"
)


@pytest.mark.parametrize(
    ("times", "speed", "reverse", "wanted"),
    [
        ((0, 5, 20, 30), Fraction(2), "FALSE", [20, 22, 24, 26, 28]),  # in frames of the media
        ((0, 5, 10, 15), Fraction(2), "FALSE", [20, 22, 24, 26, 28]),  # as it plays: Premiere
        ((0, 4, 40, 44), Fraction(1, 2), "FALSE", [20, 20.5, 21, 21.5]),
        ((0, 4, 0, 4), Fraction(-1), "TRUE", [3, 2, 1, 0]),
        ((0, 4, 1, 5), Fraction(-1), "ticks", [98, 97, 96, 95]),  # Premiere counts from the end
        ((0, 3, 10, 13), Fraction(2), "TRUE", [79, 77, 75]),  # of 100 frames as it plays 50
        ((0, 3, 30, 33), Fraction(0), "FALSE", [30, 30, 30]),
    ],
)
def test_constant_speeds_in_both_dialects(times, speed, reverse: str, wanted) -> None:
    total = 50 if reverse == "TRUE" and speed == 2 else 100
    ticks = "<pproTicksIn>0</pproTicksIn>" if reverse == "ticks" else ""
    clip = xmeml_clip(times, xmeml_speed(speed, reverse) + ticks, total=total)
    assert [float(f) for f in frames(".xml", xmeml(clip))] == wanted


def test_a_speed_that_changes_or_contradicts_is_refused() -> None:
    clip = xmeml_clip((0, 5, 10, 15), xmeml_speed(Fraction(2)))
    with pytest.raises(EditError, match="clip 1 'a clip': a speed that changes is not read"):
        frames(".xml", xmeml(clip.replace("<value>0</value>", "<value>1</value>")))
    with pytest.raises(EditError, match=r"plays at 2 times, but shows 3\.2 s in 0\.2 s"):
        frames(".xml", xmeml(xmeml_clip((0, 5, 10, 90), xmeml_speed(Fraction(2)))))


def test_rates_of_broadcast_and_of_clips() -> None:
    text = xmeml(xmeml_clip((0, 10, 5, 10)))
    rate = "<timebase>{}</timebase><ntsc>{}"
    ntsc = text.replace(rate.format(25, "FALSE"), rate.format(30, "TRUE"), 1)
    film = Film(("out.mp4",), Fraction(25), 100)
    assert look(".xml", ntsc, film)[1] == Fraction(30000, 1001)
    half = text.replace("<timebase>25</timebase>", "<timebase>50</timebase>", 1)
    shots, fps, _ = look(".xml", half, film)
    assert fps == 50
    assert [float(s.first) for s in shots] == [5 + k / 2 for k in range(10)]


def test_titles_black_and_switched_off_clips() -> None:
    below = xmeml_clip((0, 6, 10, 16))
    with pytest.raises(EditError, match=r"track 2, clip 1 'Title' is a title.*--ignore titles"):
        frames(".xml", xmeml(below, TITLE.format("Text")))
    text = xmeml(below, TITLE.format("Text"))
    assert frames(".xml", text, ignored=["titles"]) == list(range(10, 16))
    assert frames(".xml", xmeml(below, TITLE.format("Slug"))) == [10, 11, None, None, 14, 15]
    off = xmeml_clip((0, 6, 50, 56), "<enabled>FALSE</enabled>")
    assert frames(".xml", xmeml(below, off)) == list(range(10, 16))
    track = xmeml_clip((0, 6, 50, 56)) + "<enabled>FALSE</enabled>"
    assert frames(".xml", xmeml(below, track)) == list(range(10, 16))
    drawn = xmeml_clip((2, 4, 0, 2), media="Graphic").replace(
        "<pathurl>file://localhost/D%3a/cuts/Graphic</pathurl>",
        "<mediaSource>GraphicAndType</mediaSource>",
    )
    with pytest.raises(EditError, match="adjustment layer"):
        frames(".xml", xmeml(below, drawn))


def test_files_and_sequences_are_told_once() -> None:
    first = xmeml_clip((0, 3, 10, 13))
    name = '<file id="f-out.mp4"/>'
    second = first.replace("<start>0</start><end>3</end>", "<start>3</start><end>6</end>")
    second = second[: second.index("<file")] + name + "</clipitem>"
    assert frames(".xml", xmeml(first + second)) == [10, 11, 12, 10, 11, 12]
    inner = (
        '<sequence id="inner"><name>inner</name><rate><timebase>25</timebase></rate><media><video>'
        f"<track>{xmeml_clip((0, 9, 40, 49))}</track></video></media></sequence>"
    )
    times = "<start>{}</start><end>{}</end><in>4</in><out>7</out>"
    nest = f"<clipitem><name>nest</name>{times}{{}}</clipitem>"
    text = xmeml(nest.format(0, 3, inner) + nest.format(3, 6, '<sequence id="inner"/>'))
    assert frames(".xml", text) == [44, 45, 46, 44, 45, 46]
    loop = inner.replace("<file", '<sequence id="inner"/><file')
    with pytest.raises(EditError, match="a sequence in itself"):
        frames(".xml", xmeml(nest.format(0, 3, loop)))


def test_several_timelines_are_named() -> None:
    text = xmeml(xmeml_clip((0, 3, 10, 13)))
    again = text[text.index("<sequence") : text.index("</children>")]
    with pytest.raises(EditError, match=r"several timelines \('edit', 'edit'\); export the one"):
        frames(".xml", text.replace("</children>", f"{again}</children>"))
    with pytest.raises(EditError, match="holds no timeline"):
        frames(".xml", "<xmeml/>")
    with pytest.raises(EditError, match="XML of the kind 'html'"):
        frames(".xml", "<html/>")
    with pytest.raises(EditError, match="declares entities"):
        frames(".xml", '<!DOCTYPE xmeml [<!ENTITY a "b">]><xmeml>&a;</xmeml>')
    named = text.replace("<!DOCTYPE xmeml>", '<!DOCTYPE xmeml SYSTEM "http://x.invalid/xmeml.dtd">')
    assert frames(".xml", named) == [10, 11, 12]
