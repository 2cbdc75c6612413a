"""The shipped shows: all load and draw; First Light is alive, dark where it says so, and safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.compositor.compose import Compositor
from engine.core.event import Event, Value
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.frame.values import effective
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.play.line import Line, draw, load_shaders, resized
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.film import FilmPixels
from engine.sources.demo.piece import BEAT_S, BEATS, SECTION, SECTIONS

Bytes = NDArray[np.uint8]
Acts = Mapping[float, Sequence[tuple[str, Value]]]

NAMES = sorted(path.stem for path in assets_dir("presets").glob("*.toml"))
SCENES = ("strike", "strata", "minds", "painted", "earth")
STEPS = 4  # histories need no more to be seen at work
KICK: tuple[str, Value] = ("/signal/audio/kick", 1.0)


@pytest.fixture(scope="module")
def scenes(ctx: moderngl.Context) -> dict[str, Bytes]:
    """Every scene of First Light some seconds after its key; Strike just after a kick."""
    show = load.load("default").show
    found = {}
    for number, name in enumerate(SCENES, 1):
        acts: Acts = {0.5: [show.keys[str(number)]], 8.0: [KICK] if name == "strike" else []}
        found[name] = film(ctx, show, [8.1], acts)[0]
    return found


def small(show: Show, size_px: tuple[int, int]) -> Show:
    """The show at the least size, its generators at 64 pixels."""
    layers = tuple(
        replace(x, generator=replace(x.generator, film_px=64)) if x.generator else x
        for x in show.layers
    )
    return replace(resized(show, size_px), layers=layers)


def events_of(show: Show, acts: Acts) -> dict[int, list[Event]]:
    """Acts by seconds as events by tick."""
    found: dict[int, list[Event]] = {}
    for seconds, items in acts.items():
        tick = round(seconds * float(show.control_hz))
        found.setdefault(tick, []).extend(Event(tick, address, v) for address, v in items)
    return found


def film(
    ctx: moderngl.Context,
    show: Show,
    times: Sequence[float],
    acts: Acts | None = None,
    size_px: tuple[int, int] = (160, 90),
) -> list[Bytes]:
    """Frames of a show at some times, through the very line of a film."""
    show = small(show, size_px)
    events = events_of(show, acts or {})
    compositor, bridge = Compositor(ctx, size_px, 60.0), Bridge(ctx)
    pixels = FilmPixels(bridge, show, "cpu")
    load_shaders(compositor, show)
    line = Line(show, first_state(show), -1, {})
    frames = []
    for seconds in times:
        steps = line.control(Fraction(seconds).limit_denominator(6000), lambda k: events.get(k, ()))
        picture = draw(compositor, pixels, steps[-STEPS:], line.plan(Fraction(seconds)))
        frames.append(picture.read("rgb24").copy())
    pixels.close()
    compositor.close()
    return frames


def play(show: Show, seconds: float, acts: Acts | None = None) -> list[State]:
    """Every state of a show up to a time; no pictures."""
    events = events_of(show, acts or {})
    states = [first_state(show)]
    for tick in range(int(seconds * float(show.control_hz))):
        states.append(advance(show, states[-1], tick, events.get(tick, ())))
    return states


def called(show: Show, states: Sequence[State]) -> list[str]:
    """Cues in the order in which they were called."""
    places = [state.cue for state in states if state.cue >= 0]
    return [show.cues[places[0]].id] + [show.cues[b].id for a, b in pairwise(places) if a != b]


def black(frame: Bytes) -> float:
    """Part of the picture that is black to the bit."""
    return float((frame.max(axis=2) == 0).mean())


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_says_what_to_touch(name: str) -> None:
    text = load.load(name).text
    head = text[: text.index("schema")]
    assert "Touch:" in head or "touch" in head.lower()
    assert len(head.splitlines()) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_draws(ctx: moderngl.Context, name: str) -> None:
    show = load.load(name).show
    first, later = film(ctx, show, [0.0, 3.0])
    assert first.shape == later.shape == (90, 160, 3)
    assert later.std() > 4.0
    assert (first != later).any()


def test_every_layer_lets_only_numbers_through(ctx: moderngl.Context) -> None:
    """NaN would hide in 8 bits: look at the linear light."""
    show = small(load.load("default").show, (160, 90))
    compositor, bridge = Compositor(ctx, (160, 90), 60.0), Bridge(ctx)
    pixels = FilmPixels(bridge, show, "cpu")
    load_shaders(compositor, show)
    line = Line(show, first_state(show), -1, {})
    on: list[Event] = [Event(0, f"/layer/{name}/opacity", 1.0) for name in SCENES]
    for number in range(2):
        at = Fraction(1 + number, 4)
        steps = line.control(at, lambda k: on if k == 1 else ())
        picture = draw(compositor, pixels, steps[-STEPS:], line.plan(at))
        assert np.isfinite(picture.read("linear16f").astype(np.float32)).all()
    pixels.close()
    compositor.close()


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_is_a_picture(scenes: dict[str, Bytes], name: str) -> None:
    frame = scenes[name].astype(np.float64)
    assert frame.max() > 120, "nothing is bright"
    assert frame.std() > 8.0, "flat"
    assert frame.mean() > 2.0, "as good as black"


@pytest.mark.parametrize(("name", "least"), [("strike", 0.05), ("strata", 0.25)])
def test_true_black(scenes: dict[str, Bytes], name: str, least: float) -> None:
    assert black(scenes[name]) > least


def test_scenes_differ(scenes: dict[str, Bytes]) -> None:
    """Pairwise, in picture and in colours: what share of the light each box of colours has."""
    for i, a in enumerate(SCENES):
        for b in SCENES[i + 1 :]:
            one, two = (scenes[x].astype(np.float64) for x in (a, b))
            assert np.abs(one - two).mean() > 5.0, f"{a} looks like {b}"
            assert np.abs(colours(one) - colours(two)).sum() > 0.6, f"{a} has the colours of {b}"


def colours(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the light in each of 5 x 5 x 5 boxes of red, green, blue [shape=(125,)]."""
    boxes = (frame.reshape(-1, 3) // 51.2) @ np.array([25.0, 5.0, 1.0])
    sums = np.bincount(boxes.astype(np.int64), frame.sum(axis=2).ravel(), 125)
    return np.asarray(sums / sums.sum())


def test_strike_is_an_ember_until_it_is_struck(ctx: moderngl.Context) -> None:
    """Before the beat of its own comes, 24 beats of 0.625 s from the start, it glows."""
    show = load.load("default").show
    acts: Acts = {0.1: [("/cue/strike/go", True)], 14.85: [KICK]}
    before, struck, home = film(ctx, show, [14.8, 14.92, 19.8], acts)
    assert 0.5 < before.mean() < 0.35 * struck.mean()
    assert struck.mean() > before.mean() + 10.0
    assert home.mean() < 0.35 * struck.mean()


def test_a_drum_silences_the_beat_of_strike() -> None:
    show = load.load("default").show
    place = show.registry.index["/route/eighth/depth"]
    states = play(show, 32.0, {12.0: [KICK]})
    depths = {s: effective(show, states[round(s * 120)], s)[place] for s in (11.9, 12.1, 31.9)}
    assert depths[11.9] > 0.6
    assert depths[12.1] < 0.1
    assert depths[31.9] > 0.6


def test_strike_lives_in_silence(ctx: moderngl.Context) -> None:
    show = load.load("default").show
    times = [4.8, 5.2, 10.2, 14.8, 15.2]  # beats are 0.625 s: before and after the eighth
    light = [f.mean() for f in film(ctx, show, times, {0.1: [("/cue/strike/go", True)]}, (96, 54))]
    assert min(light[1], light[2], light[4]) > 4.0
    assert max(light[0], light[3]) < 0.3 * max(light)


SOUNDS: Mapping[str, Sequence[str]] = {
    "strike": ["audio/onset", "audio/kick"],
    "strata": ["audio/level", "audio/low", "audio/onset"],
    "minds": ["audio/level", "audio/low", "audio/high", "audio/kick"],
    "painted": ["audio/level", "audio/low", "audio/kick"],
    "earth": ["audio/level", "audio/low", "audio/onset"],
}


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_hears(name: str) -> None:
    """Each scene has routes from sound to its own layer, and its own sounds only."""
    show = load.load("default").show
    heard = {
        show.signals[route.signal]
        for route in show.routes
        if show.registry.parameters[route.target].address.startswith(f"/layer/{name}/")
        and show.signals[route.signal].startswith("audio/")
    }
    assert heard == set(SOUNDS[name])


def calm(show: Show) -> Show:
    """The same show with few ticks a second: cues do not depend on their rate."""
    return replace(show, control_hz=Fraction(10))


def test_autopilot_goes_round() -> None:
    """As long as the built-in piece, whose sections are the scenes'."""
    show = calm(load.load("default").show)
    states = play(show, BEATS * BEAT_S + 20)
    assert called(show, states) == [*SCENES, SCENES[0]]
    for number, name in enumerate(SECTIONS):
        middle = states[round((number + 0.5) * SECTION * BEAT_S * 10)]
        assert show.cues[middle.cue].id == name


def test_a_touch_holds_the_scene() -> None:
    show = calm(load.load("default").show)
    states = play(show, 200, {30.0: [show.keys["2"]], 60.0: [("/master/steer_x", 0.5)]})
    rest_s = float(states[-1].base[show.master.rest_s])
    names = [show.cues[s.cue].id if s.cue >= 0 else "" for s in states]
    assert names[301 + 5] == "strata"
    assert set(names[310 : round((60 + rest_s) * 10)]) == {"strata"}
    assert names[round((60 + rest_s) * 10) + 5] == "minds"


def test_two_generators_at_most_are_asked_at_once() -> None:
    """Also while one scene fades into the next."""
    show = calm(load.load("default").show)
    opacities = [layer.opacity for layer in show.layers]
    for state in play(show, 310):
        going = {r.place for r in state.ramps if r.place in opacities and r.origin != r.goal}
        lit = {p for p in opacities if state.base[p] > 0.0} | going
        assert len(lit) <= 2


def test_keys_come_back_exactly() -> None:
    show = calm(load.load("keys").show)
    states = play(show, 2 * 48 + 1)
    first, second = (latents(show, states[1 + n], (n) / 10.0) for n in (480, 960))
    z = "/layer/loop/generator/z"
    np.testing.assert_allclose(first[z], second[z], atol=1e-4)
    assert np.abs(first[z] - latents(show, states[1 + 700], 70.0)[z]).max() > 0.5


def test_the_installation_needs_nobody() -> None:
    """Wall goes on for hours without sound, and its tide turns."""
    show = replace(load.load("wall-32x9").show, control_hz=Fraction(1))
    assert called(show, play(show, 1300)) == ["ebb", "flood", "ebb", "flood", "ebb"]
    assert show.routes == ()
    assert show.size_px == (3840, 1080)


@pytest.mark.parametrize(("name", "start"), [("default", "/cue/strike/go"), ("drum", "")])
def test_a_drum_roll_does_not_flicker(ctx: moderngl.Context, name: str, start: str) -> None:
    """Less than a quarter of the picture flashes more than three times a second.

    After WCAG 2.2, success criterion 2.3.1: a flash is a pair of opposing changes of relative
    luminance by 0.1 or more, the darker below 0.8. Ninths of the height are averaged, as finer
    detail does not count as an area.
    """
    show = load.load(name).show
    acts: dict[float, list[Any]] = {0.1: [("/signal/audio/level", 0.8)]}
    if start:
        acts[0.1].append((start, True))
    for stroke in range(15):
        acts[2.0 + stroke / 5.0] = [KICK, ("/signal/audio/onset", 1.0)]
    frames = film(ctx, show, [2.0 + i / 25.0 for i in range(70)], acts, (96, 54))
    assert max(f.mean() for f in frames) > 3.0
    assert flashing(np.stack(frames), 25) < 0.25


def flashing(frames: Bytes, fps: int) -> float:
    """Part of the picture with more than three flashes within some second."""
    code = frames / 255.0
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    light = (linear @ np.array([0.2126, 0.7152, 0.0722])).reshape(-1, 9, 6, 16, 6).mean((2, 4))
    last, going = light[0].copy(), np.zeros(light[0].shape)
    turns = np.zeros(light.shape, np.int64)
    for now, turn in zip(light[1:], turns[1:], strict=True):
        up = (now - last >= 0.1) & (last < 0.8) & (going <= 0)
        down = (last - now >= 0.1) & (now < 0.8) & (going >= 0)
        turn[up | down] = 1
        going = np.where(up, 1, np.where(down, -1, going))
        farther = np.where(going > 0, np.maximum(last, now), np.minimum(last, now))
        last = np.where(up | down, now, np.where(going == 0, last, farther))
    summed = turns.cumsum(axis=0)
    return float(((summed[fps:] - summed[:-fps]).max(axis=0) > 6).mean())
