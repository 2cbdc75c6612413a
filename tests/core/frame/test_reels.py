"""Playheads of films: where they are follows from events alone, on ticks and between them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import pytest

from engine.core.event import Value
from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State
from tests.generators.media.clips import make_clip
from tests.making import read_show, run

FILM = "/layer/clip/film"
LENGTH_S = 2.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("film") / "clip.mp4", 50)


def show_of(clip: Path, keys: str = "", more: str = "") -> Show:
    return read_show(
        f'{more}\n[[layers]]\nid = "clip"\nfile = "{clip.as_posix()}"\n[layers.film]\n{keys}'
    )


def place_s(show: Show, state: State, seconds: float) -> float:
    """Where the film is, in seconds."""
    position = sample(show, state, seconds).requests["clip"].parameters["position"]
    return position * LENGTH_S


def at(
    show: Show, seconds: float, events: Iterable[tuple[int, str, Value]] = (), dt: float = 0.0
) -> float:
    """Where the film is at a time that falls on a tick, or `dt` after it."""
    return place_s(show, run(show, round(seconds * 120), events), seconds + dt)


def test_it_goes_on_with_the_show_and_round(clip: Path) -> None:
    show = show_of(clip)
    for frame in range(150):
        seconds = Fraction(frame, 25)
        tick = int(seconds * 120)
        found = place_s(show, run(show, tick), float(seconds))
        assert found == pytest.approx(float(seconds % 2), abs=1e-9)


def test_the_speed_changes_from_where_it_is(clip: Path) -> None:
    events = [(60, f"{FILM}/speed", 0.5), (120, f"{FILM}/speed", -2.0), (180, f"{FILM}/pause", 1)]
    show = show_of(clip)
    assert at(show, 0.5, events) == pytest.approx(0.5)
    assert at(show, 0.9, events, dt=0.004) == pytest.approx(0.702)
    assert at(show, 1.25, events) == pytest.approx(0.25)
    assert at(show, 1.5, events) == pytest.approx(1.75)
    assert at(show, 9.0, events) == pytest.approx(1.75)


def test_a_fader_scrubs_and_the_film_goes_on_from_there(clip: Path) -> None:
    events = [(60, f"{FILM}/position", 0.25), (90, f"{FILM}/position", 0.25)]
    show = show_of(clip)
    assert at(show, 0.5, events) == pytest.approx(0.5)
    assert at(show, 0.7, events) == pytest.approx(0.7)
    assert at(show, 0.75, events) == pytest.approx(0.5)
    assert at(show, 0.8, [*events, (91, f"{FILM}/restart", 1)]) == pytest.approx(5 / 120)
    paused = show_of(clip, "pause = true")
    assert at(paused, 1.0, [(30, f"{FILM}/position", 1.0)]) == pytest.approx(1.999)
    assert at(paused, 1.0, [(30, f"{FILM}/position", 0.0)]) == 0.0


def test_a_part_between_begin_and_end(clip: Path) -> None:
    show = show_of(clip, "begin = 0.25\nend = 0.5")
    request = sample(show, run(show, 30), 0.25).requests["clip"]
    assert request.parameters["position"] == pytest.approx(0.5)
    assert (request.parameters["begin"], request.parameters["end"]) == (0.25, 0.5)
    assert sample(show, run(show, 75), 0.625).requests["clip"].parameters[
        "position"
    ] == pytest.approx(0.25)
    # The part grows while it plays: what is seen does not jump.
    events = [(30, f"{FILM}/end", 1.0)]
    found = sample(show, run(show, 30, events), 0.25).requests["clip"].parameters["position"]
    assert 0.5 + found * 1.5 == pytest.approx(0.75)


def test_without_a_loop_it_stays_at_its_end(clip: Path) -> None:
    show = show_of(clip, "loop = false")
    assert at(show, 5.0) == pytest.approx(1.999)
    assert at(show, 5.0, [(540, f"{FILM}/restart", 1)]) == pytest.approx(0.5)
    assert at(show, 5.0, [(540, f"{FILM}/speed", -1.0)]) == pytest.approx(1.499)


def test_beats_carry_it_round(clip: Path) -> None:
    """At 120 bpm four beats are two seconds; a new tempo takes hold on the beat."""
    show = show_of(clip, "beats = 4", "[master]\nbpm = 120")
    assert at(show, 0.5) == pytest.approx(0.5)
    assert at(show, 2.25, dt=0.003) == pytest.approx(0.253)
    faster = [(120, "/transport/bpm", 240.0)]
    assert at(show, 1.25, faster) == pytest.approx(1.5)
    assert at(show, 1.0, [(60, f"{FILM}/beats", 2.0)]) == pytest.approx(0.0, abs=1e-6)
    assert at(show, 0.75, [(60, f"{FILM}/restart", 1)]) == pytest.approx(0.25)
    assert at(show, 0.75, [(60, f"{FILM}/position", 0.75)]) == pytest.approx(1.75)
    # From its own pace onto the beat, and back.
    free = show_of(clip, "speed = 0.3", "[master]\nbpm = 120")
    onto = [(90, f"{FILM}/speed", 1.0), (120, f"{FILM}/beats", 4.0), (180, f"{FILM}/beats", 0.0)]
    assert at(free, 1.25, onto) == pytest.approx(1.25)
    assert at(free, 1.75, onto) == pytest.approx(1.75)


def test_freeze_holds_it_also_on_the_beat(clip: Path) -> None:
    frozen = [(60, "/master/freeze", 1), (180, "/master/freeze", 0)]
    assert at(show_of(clip), 1.2, frozen) == pytest.approx(0.5)
    assert at(show_of(clip), 1.75, frozen) == pytest.approx(0.75)
    beaten = show_of(clip, "beats = 4", "[master]\nbpm = 120")
    assert at(beaten, 1.2, frozen) == pytest.approx(0.5)
    assert at(beaten, 1.75, frozen) == pytest.approx(1.75)


def test_a_cue_sends_it_somewhere_also_to_where_it_was_sent_before(clip: Path) -> None:
    cue = '[[cues]]\nid = "one"\nset = { "/layer/clip/film/position" = 0.0 }\n'
    show = show_of(clip, "", cue)
    events = [(60, "/cue/one/go", 1), (180, "/cue/one/go", 1)]
    assert at(show, 0.75, events) == pytest.approx(0.25)
    assert at(show, 1.75, events) == pytest.approx(0.25)
    slow = show_of(clip, "", cue.replace("set", 'time_s = 1.0\ncurve = "linear"\nset'))
    moved = [(10, f"{FILM}/position", 0.75), (60, "/cue/one/go", 1)]
    assert at(slow, 1.0, moved) == pytest.approx(0.75, abs=1e-6)
    assert at(slow, 1.75, moved) == pytest.approx(0.25, abs=0.01)


def test_a_route_scratches_it(clip: Path) -> None:
    route = (
        '[[lfos]]\nid = "saw"\nwave = "saw"\nrate_hz = 1.0\n[[routes]]\nsignal = "lfo/saw"\n'
        f'target = "{FILM}/position"\ndepth = 0.5\n'
    )
    show = show_of(clip, "pause = true", route)
    assert at(show, 0.5) == pytest.approx(0.5)
    assert at(show, 0.75, dt=0.002) == pytest.approx(0.752)


def test_a_snapshot_goes_on_to_the_bit(clip: Path) -> None:
    show = show_of(clip, "beats = 4")
    for keys in ("", "beats = 4"):
        show = show_of(clip, keys)
        state = run(show, 77, [(33, f"{FILM}/speed", 0.7), (50, f"{FILM}/position", 0.3)])
        back = from_data(show, to_data(show, state))
        assert back.reels == state.reels
        assert run(show, 200, state=back).reels == run(show, 200, state=state).reels
        assert migrate(show, show_of(clip, keys), state).reels == state.reels
    old = {k: v for k, v in to_data(show, state).items() if k != "reels"}
    assert from_data(show, old).reels[0].length_s == 0.0


NEXT = "/deck/next/1"
DECKS = """
[[cues]]
id = "half"
set = { "/deck/next/1/film/position" = 0.5 }
[[cues]]
id = "slow"
time_s = 0.5
set = { "/layer/clip/film/position" = 0.25 }
[[layers]]
id = "front"
deck = "a"
file = "CLIP"
"""


def films(clip: Path, text: str = DECKS, deck: str = "") -> Show:
    own = f'[[layers]]\nid = "clip"\n{deck}\nfile = "CLIP"\n'
    return read_show((text + own).replace("CLIP", clip.as_posix()))


def test_a_cue_moves_the_film_of_the_hidden_deck(clip: Path) -> None:
    hidden = films(clip, deck='deck = "b"')
    events = [(60, "/cue/half/go", 1), (61, "/deck/cut", 1)]
    assert at(hidden, 1.0, events) == pytest.approx(1.5)
    again = [*events, (90, "/deck/cut", 1), (100, "/cue/half/go", 1), (101, "/deck/cut", 1)]
    assert at(hidden, 1.0, again) == pytest.approx(1.0 + 20 / 120)  # there is nothing new to set


def test_a_film_is_at_its_goal_when_a_ramp_ends(clip: Path) -> None:
    show = films(clip, DECKS.replace('deck = "a"\n', "").replace(NEXT, "/layer/clip"))
    events = [(60, "/cue/slow/go", 1)]
    assert at(show, 1.0, events) == pytest.approx(0.5)
    assert at(show, 1.1, events) == pytest.approx(0.6)
