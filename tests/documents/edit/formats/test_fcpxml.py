"""FCPXML of Final Cut Pro: storylines, lanes, clips in clips, maps of time."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.documents.edit.timeline import EditError, Film
from tests.edits import fcpxml, frames, look


def clip(at_s: float, start_s: float, length_s: float, more: str = "", inside: str = "") -> str:
    times = f'offset="{at_s}s" start="{start_s}s" duration="{length_s}s"'
    return f'<asset-clip ref="r2" {times} {more}>{inside}</asset-clip>'


def test_connected_clips_lie_over_the_storyline() -> None:
    over = clip(1.04, 2, 0.08, 'lane="1"')
    under = clip(1, 3, 0.2, 'lane="-1"')
    inside = clip(3600.04, 2, 0.08, 'lane="1"')
    spine = clip(3600, 1, 0.2, "", over + under)
    spine += f'<gap offset="3600.2s" start="3600s" duration="0.2s">{inside}</gap>'
    wanted = [25, 50, 51, 28, 29, None, 50, 51]
    assert frames(".fcpxml", fcpxml(spine)) == wanted


def test_clips_in_clips_compounds_and_auditions() -> None:
    inner = '<video ref="r2" offset="0s" start="1s" duration="4s"/>'
    spine = f'<clip offset="3600s" start="0.2s" duration="0.12s">{inner}</clip>'
    spine += '<sync-clip offset="3600.12s" start="0.4s" duration="0.08s">'
    spine += f"<spine>{inner}</spine></sync-clip>"
    spine += f'<audition offset="3600.2s">{clip(0, 2, 0.08)}'
    spine += clip(0, 3, 0.2) + "</audition>"
    compound = (
        '<media id="r5"><sequence tcStart="10s" duration="2s" format="r1"><spine>'
        f"{clip(10, 3, 2)}</spine></sequence></media>"
    )
    spine += '<ref-clip ref="r5" offset="3600.28s" start="10.04s" duration="0.08s"/>'
    found = frames(".fcpxml", fcpxml(spine, compound))
    assert found == [30, 31, 32, 35, 36, 50, 51, 76, 77]


def test_secondary_storylines_and_their_dissolves() -> None:
    line = (
        f'<spine lane="1" offset="1.04s">{clip(0, 2, 0.2)}'
        '<transition name="Cross Dissolve" offset="0.12s" duration="0.16s"/>'
        f"{clip(0.2, 3, 0.2)}</spine>"
    )
    found = frames(".fcpxml", fcpxml(clip(3600, 1, 0.8, "", line)))
    wanted = [25, 50, 51, 52, *[(53 + k, 73 + k) for k in range(4)], 77, 78, 79, *range(36, 45)]
    assert found == wanted


def test_titles_multicam_and_switched_off_clips() -> None:
    shown = clip(3600, 1, 0.12, "", '<title ref="r9" lane="1" offset="1s" duration="1s"/>')
    with pytest.raises(EditError, match=r"is a title or generator.*--ignore titles"):
        frames(".fcpxml", fcpxml(shown))
    assert frames(".fcpxml", fcpxml(shown), ignored=["titles"]) == [25, 26, 27]
    with pytest.raises(EditError, match="a multicam clip is not read; flatten it"):
        frames(".fcpxml", fcpxml('<mc-clip ref="r3" offset="3600s" duration="1s"/>'))
    off = clip(3600, 1, 0.12, 'enabled="0"') + clip(3600.12, 2, 0.08)
    assert frames(".fcpxml", fcpxml(off)) == [None, None, None, 50, 51]
    sound = off.replace('enabled="0"', 'srcEnable="audio"')
    assert frames(".fcpxml", fcpxml(sound)) == [None, None, None, 50, 51]


def test_maps_of_time_that_bend_and_rates_that_are_conformed() -> None:
    bend = "".join(f'<timept time="{t}s" value="{v}s"/>' for t, v in ((0, 0), (1, 2), (2, 3)))
    with pytest.raises(EditError, match="a speed that changes is not read"):
        frames(".fcpxml", fcpxml(clip(3600, 0, 0.2, "", f"<timeMap>{bend}</timeMap>")))
    film = Film(("out.mp4",), Fraction(24), 100)
    text = fcpxml(clip(3600, 1, 0.2, "", '<conform-rate srcFrameRate="24"/>'))
    assert [float(s.first) for s in look(".fcpxml", text, film)[0]] == [25, 26, 27, 28, 29]
    text = text.replace("<conform-rate ", '<conform-rate scaleEnabled="0" ')
    assert float(look(".fcpxml", text, film)[0][0].first) == 24


def test_several_projects_are_named() -> None:
    text = fcpxml(clip(3600, 1, 0.2))
    again = text[text.index("<project") : text.index("</event>")]
    with pytest.raises(EditError, match=r"several projects \('edit', 'edit'\)"):
        frames(".fcpxml", text.replace("</event>", f"{again}</event>"))
    with pytest.raises(EditError, match="holds no project"):
        frames(".fcpxml", "<fcpxml/>")
    assert len(frames(".fcpxml", text, begin="01:00:00:02")) == 3
