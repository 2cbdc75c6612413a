"""Letters as pictures: where they stand, their order, and when they are set again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor import lettering
from engine.compositor.compose import Compositor
from engine.compositor.lettering import Face, Letters, check_font, set_letters
from engine.core.frame.plan import LayerPlan, Pass, Plan
from engine.core.show.lettering import Lettering, picture_name
from engine.system import fonts
from tests.places import SHADERS

PLAIN = Lettering("AB", "", 0.4, 1.2, 0.0, 0.0, "centre", "middle", (320, 180))


def letters(**changes: Any) -> np.ndarray:
    wanted = PLAIN._replace(**changes)
    size_px = round(wanted.size * wanted.size_px[1])
    return set_letters(wanted, Face(b"", size_px, round(wanted.outline * size_px)))


def extent(picture: np.ndarray, axis: int) -> tuple[int, int]:
    """First and last column (0) or row (1) that is covered."""
    places = np.flatnonzero(picture[..., 1].any(axis=axis))
    return int(places[0]), int(places[-1])


def numbers(picture: np.ndarray) -> np.ndarray:
    return picture[..., 2].astype(int) * 256 + picture[..., 3]


def test_letters_stand_where_they_are_wanted() -> None:
    left, right = (extent(letters(align=a), 0) for a in ("left", "right"))
    assert left[0] < 12
    assert right[1] > 308
    assert left[1] - left[0] == right[1] - right[0]
    first, last = extent(letters(), 0)
    assert abs(first - (319 - last)) <= 2
    tops = [extent(letters(place=p), 1)[0] for p in ("top", "middle", "bottom")]
    assert tops[0] < tops[1] < tops[2]


def test_their_size_and_spacing_are_shares_of_the_height() -> None:
    small, large = letters(size=0.2), letters(size=0.4)
    heights = [np.subtract(*extent(p, 1)[::-1]) for p in (small, large)]
    assert abs(heights[1] - 2 * heights[0]) <= 2
    plain, wide = (np.subtract(*extent(letters(spacing=s), 0)[::-1]) for s in (0.0, 0.5))
    assert abs(wide - plain - 0.5 * 72) <= 1


def test_an_outline_lies_around_each_letter() -> None:
    plain, edged = letters(), letters(outline=0.1)
    assert (plain[..., 0] == plain[..., 1]).all()
    assert (edged[..., 1] >= edged[..., 0]).all()
    assert extent(plain, 1)[0] - extent(edged, 1)[0] == round(0.1 * 72)


def test_every_letter_has_its_number_and_the_last_one_the_largest() -> None:
    picture = letters(text="ABC")
    found = numbers(picture)
    assert sorted(set(found[found > 0].tolist())) == [21845, 43690, 65535]
    columns = [np.flatnonzero((found == n).any(axis=0)) for n in (21845, 43690, 65535)]
    assert columns[0].max() <= columns[1].max() < columns[2].max()
    assert (found[picture[..., 1] > 0] > 0).all()


def test_a_long_line_goes_on_below_between_two_words() -> None:
    one, two = letters(text="AAA", size=0.3), letters(text="AAA AAA AAA", size=0.3)
    assert np.subtract(*extent(two, 1)[::-1]) > 2 * np.subtract(*extent(one, 1)[::-1])
    assert extent(two, 0)[1] < 320


def test_a_mark_is_revealed_with_its_letter_and_joined_letters_together() -> None:
    for text, count in (("e\u0301a", 2), ("\u0627\u0628 \u062a", 1), ("ab", 2)):
        found = numbers(letters(text=text))
        assert len(set(found[found > 0].tolist())) == count


@pytest.mark.parametrize("text", ["", " \n ", "W" * 500, "\u0000\u202e\ud7ff", "\U0001f600"])
def test_any_text_is_set(text: str) -> None:
    assert letters(text=text, size=2.0, spacing=-0.2, outline=0.2).shape == (180, 320, 4)


def test_they_are_set_again_only_when_something_of_them_changes() -> None:
    made = Letters()
    assert [name for name, _ in made.changed((("a", PLAIN), ("b", PLAIN)))] == ["a", "b"]
    assert made.changed((("a", PLAIN), ("b", PLAIN))) == []
    other = PLAIN._replace(text="AC")
    assert [name for name, _ in made.changed((("a", other), ("b", PLAIN)))] == ["a"]


def test_what_is_no_font_is_refused() -> None:
    with pytest.raises(ValueError, match="no font that can be read"):
        check_font(b"not a font at all" * 10)


@pytest.fixture(scope="module")
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, PLAIN.size_px)
    made.load("lettering", (SHADERS / "lettering.fs").read_text("utf-8"))
    yield made
    made.close()


def drawn(compositor: Compositor, text: str, **uniforms: Any) -> np.ndarray:
    values = {"colour": (1.0, 0.0, 0.0, 1.0), "outline_colour": (0.0, 0.0, 1.0, 1.0), "soft": 0.0}
    name = picture_name("a")
    source = Pass("a/text", "lettering", {**values, **uniforms}, {"letters": name})
    layer = LayerPlan("a", None, source, (), "normal", 1.0, 320 / 180, 1.0, False)
    wanted = PLAIN._replace(text=text, outline=0.1)
    plan = Plan(0.0, 0, (layer,), {}, 1.0, np.zeros(0), letterings=((name, wanted),))
    return compositor.compose(plan, {}).read("rgb24").astype(int)


def test_letters_appear_one_after_another_in_their_colours(compositor: Compositor) -> None:
    whole = numbers(letters(text="ABC", outline=0.1))
    for reveal, shown in ((0.0, 0), (0.34, 1), (0.67, 2), (1.0, 3)):
        picture = drawn(compositor, "ABC", reveal=reveal)
        there = picture.max(axis=2) > 8
        assert (there <= ((whole > 0) & (whole <= shown * 21845))).all()
        assert there.any() == (shown > 0)
    solid = letters(text="ABC", outline=0.1)
    inside, edge = solid[..., 0] == 255, (solid[..., 0] == 0) & (solid[..., 1] == 255)
    assert (picture[inside] == (255, 0, 0)).all()
    assert (picture[edge] == (0, 0, 255)).all()


def test_another_text_is_seen_at_once(compositor: Compositor) -> None:
    before = drawn(compositor, "AB", reveal=1.0)
    assert (drawn(compositor, "CD", reveal=1.0) != before).any()
    assert (drawn(compositor, "AB", reveal=1.0) == before).all()


def test_letters_that_a_font_does_not_have_are_named() -> None:
    """It draws boxes for them, which nobody would miss before the audience does."""
    found = Letters()
    name = picture_name("title")
    found.changed(((name, PLAIN),))
    assert found.notes() == []
    found.changed(((name, PLAIN._replace(text="漢 über 字漢")),))
    ((about, note),) = found.notes()
    assert about == name
    assert "layer title" in note
    assert ": 漢 字;" in note
    assert found.notes() == []


def shown(text: str) -> tuple[np.ndarray, list[tuple[str, str]]]:
    found = Letters()
    ((_, picture),) = found.changed(((picture_name("title"), PLAIN._replace(text=text)),))
    return picture, found.notes()


def test_latin_greek_and_cyrillic_are_there_and_plain_texts_look_as_they_did() -> None:
    for text in ("Über Łódź", "Ελλάδα", "Ёлка", "Tiếng Việt", "10 € – “so”…", "שלום"):
        picture, notes = shown(text)
        assert notes == []
        assert picture[..., 0].any()
    assert (shown("AB")[0] == letters()).all()


def test_a_mark_of_its_own_is_set_with_its_letter() -> None:
    assert (shown("e\u0301")[0] == shown("\u00e9")[0]).all()
    picture, _ = shown("x\u0323a")  # there is no such letter in one
    assert len(np.unique(numbers(picture)[picture[..., 1] > 128])) == 2
    assert lettering._clusters("\U0001f469\u200d\U0001f680!") == ["\U0001f469\u200d\U0001f680", "!"]
    assert lettering._clusters("नमस्ते") == ["नमस्ते"]


@pytest.mark.parametrize("text", ["שלום", "x\u0323a"])
def test_where_nothing_sets_letters_together_it_is_said(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(lettering, "_has_shaping", lambda: False)
    monkeypatch.setattr(Face, "lacks", lambda *_: [])
    ((_, note),) = shown(text)[1]
    assert "no Raqm" in note
    assert shown("Über")[1] == []


@pytest.mark.parametrize("end", ["\r", "\r\n", "\x85", "\u2029"])
def test_any_end_of_a_line_is_one(end: str) -> None:
    """Raqm refuses to set them."""
    assert (shown(f"Ü{end}A")[0] == shown("Ü\nA")[0]).all()


def test_another_font_of_the_same_name_is_seen() -> None:
    found, wanted = Letters(), ((picture_name("title"), PLAIN._replace(font="f.ttf")),)
    for content, count in ((fonts.data(), 1), (fonts.data(), 0), (b"", 1)):
        found.load({"f.ttf": content})
        assert len(found.changed(wanted)) == count


def test_control_characters_are_spaces() -> None:
    assert shown("Ü\x1e\x00a")[0][..., 0].any()
