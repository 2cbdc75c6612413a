"""A film that begins in the middle has the pictures of the whole one, whatever lies behind them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.core.event import Event
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.play.film import lead_in
from engine.play.film.export import render
from engine.play.film.job import Job
from engine.play.film.lead_in import shortened, stretches
from engine.play.film.playback import Playback, open_playback, skip
from engine.play.line import Line

FPS = Fraction(10)
TRAIL = """/*{"INPUTS": [{"NAME": "strobe", "TYPE": "float", "DEFAULT": 0}],
"PASSES": [{"TARGET": "past", "PERSISTENT": true}, {}]}*/
void main() {
    vec3 now = vec3(0.5 + 0.5 * sin(3.0 * TIME), 0.2, 0.3);
    vec3 last = IMG_THIS_PIXEL(past).rgb;
    if (PASSINDEX == 0) { gl_FragColor = vec4(mix(last, now, 0.3), 1.0); return; }
    float flash = step(0.5, fract(TIME * 5.0 + 0.01)) * strobe;
    gl_FragColor = vec4(last * (1.0 - strobe) + flash, 1.0);
}
"""


def playback_of(folder: Path, events: list[tuple[int, str, object]], keys: str = "") -> Playback:
    """A show of eight seconds in which hands do something at ticks."""
    (folder / "trail.fs").write_text(TRAIL, "utf-8")
    path = folder / "show.toml"
    path.write_text(
        f'schema = 1\nname = "held"\nsize_px = [32, 18]\nhistory_s = 1.0\n{keys}\n'
        '[output]\nfps = 10\n[[layers]]\nid = "a"\n[layers.source]\nshader = "trail"\n'
    )
    show = load.load(str(path)).show
    found = open_playback(str(path))

    def events_of(tick: int) -> list[Event]:
        return [Event(t, a, v, "hand", 0) for t, a, v in events if t == tick]  # type: ignore[arg-type]

    def line_at(seconds: Fraction) -> Line:
        return skip(Line(show, first_state(show), -1, {}), seconds, events_of)

    fields = {name: getattr(found, name) for name in Playback.__dataclass_fields__}
    return Playback(**{**fields, "events_of": events_of, "line_at": line_at, "end_s": Fraction(8)})


def pictures(folder: Path, playback: Playback, name: str, **job: object) -> list[np.ndarray]:
    (folder / name).mkdir()
    render(playback, Job(folder / name / "f-%05d.png", **job))  # type: ignore[arg-type]
    return [np.array(Image.open(path)) for path in sorted((folder / name).glob("*.png"))]


HOLDS = [
    (60, "/master/hold", True), (90, "/master/hold", False), (110, "/master/hold", True),
    (700, "/master/hold", False),
]  # fmt: skip
NO_LIMITER = "[master]\nflash_limiter = false"


@pytest.mark.parametrize("keys", [NO_LIMITER, ""], ids=["free", "limited"])
def test_a_film_that_begins_in_a_hold_shows_what_was_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    monkeypatch.setattr(lead_in, "_WINDOW_S", 0.7)  # of several windows, the last one short
    playback = playback_of(tmp_path, HOLDS, keys)
    whole = pictures(tmp_path, playback, "whole")
    assert len({each.tobytes() for each in whole[10:58]}) == 1
    assert whole[8].tobytes() != whole[10].tobytes() != whole[60].tobytes()
    for number in (6, 9, 10, 11, 30, 57, 58, 59):
        part = pictures(
            tmp_path, playback, f"from-{number}", from_s=number / FPS, to_s=number / FPS + 1
        )
        assert [each.tobytes() for each in part] == [
            each.tobytes() for each in whole[number : number + 10]
        ], number
    rest = pictures(tmp_path, playback, "resumed", first=30, to_s=Fraction(7))
    assert [each.tobytes() for each in rest] == [each.tobytes() for each in whole[30:70]]


def test_a_film_that_begins_in_a_strobe_goes_on_limiting_it(tmp_path: Path) -> None:
    playback = playback_of(tmp_path, [(3, "/layer/a/source/strobe", 1.0)])
    whole = np.array(pictures(tmp_path, playback, "whole"), np.int16)
    limited = whole[45:55]
    assert np.ptp(limited) < 40  # grey
    for name, job in {"from": {"from_s": Fraction(9, 2)}, "resumed": {"first": 45}}.items():
        part = np.array(pictures(tmp_path, playback, name, **job), np.int16)
        assert len(part) == 35
        assert np.abs(part - whole[45:]).max() <= 4
    free = playback_of(tmp_path, [(3, "/layer/a/source/strobe", 1.0)], NO_LIMITER)
    assert np.ptp(np.array(pictures(tmp_path, free, "free", from_s=Fraction(9, 2)))) == 255


def test_what_does_not_depend_on_earlier_frames_has_none(tmp_path: Path) -> None:
    free = playback_of(tmp_path, HOLDS, NO_LIMITER)
    assert stretches(free, Fraction(6), FPS) == [[]]
    assert stretches(free, Fraction(0), FPS) == [[]]
    assert stretches(free, Fraction(5), FPS) == [[Fraction(1)], []]
    limited = playback_of(tmp_path, [])
    show = limited.line_at(Fraction(0)).show
    assert shortened(limited, show, Fraction(1)) == []
    assert "1 s before the first frame" in shortened(limited, show, Fraction(2))[0]
    (frames,) = stretches(limited, Fraction(5), FPS)
    assert (frames[0], frames[-1], len(frames)) == (Fraction(2), Fraction(49, 10), 30)
    assert stretches(limited, Fraction(1, 5), FPS) == [[Fraction(0), Fraction(1, 10)]]
