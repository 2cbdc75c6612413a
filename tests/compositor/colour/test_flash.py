"""The flash limiter, by a checker of its own that looks at the pictures only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.compositor.compose import Compositor
from engine.core.colour.grade import Grade
from engine.core.frame.plan import LayerPlan, Pass, Plan
from tests.compositor.colour.flashes import count

SIZE = (96, 54)
Y, X = np.mgrid[0:54, 0:96]
DRAW = """/*{"ISFVSN": "2", "INPUTS": [
 {"NAME": "one", "TYPE": "color"}, {"NAME": "two", "TYPE": "color"},
 {"NAME": "area", "TYPE": "color"}]}*/
void main() {
    vec2 p = isf_FragNormCoord;
    bool inside = p.x >= area.x && p.x < area.y && p.y >= area.z && p.y < area.w;
    gl_FragColor = inside ? one : two;
}
"""
WHITE, BLACK, RED, BLUE = (1, 1, 1, 1), (0, 0, 0, 1), (1, 0, 0, 1), (0, 0, 1, 1)
ALL = (0, 1, 0, 1)
Scene = Callable[[float], tuple[Any, Any, Any]]
Film = NDArray[np.uint8]


@pytest.fixture(scope="module")
def made(ctx: moderngl.Context) -> Iterator[Compositor]:
    """One for all: a film that begins at 0 again is a new one."""
    found = Compositor(ctx, SIZE)
    found.load("draw", DRAW)
    yield found
    found.close()


def play(
    made: Compositor, scene: Scene, fps: int, seconds: float = 2.0, is_on: bool = True,
    **changes: Any,
) -> Film:  # fmt: skip
    """Play a scene [shape=(T, H, W, 3)]; it gives two colours, and where the first one is."""
    film = []
    for frame in range(round(seconds * fps)):
        one, two, area = scene(frame / fps)
        given = {"one": one, "two": two, "area": area}
        layer = LayerPlan(
            "a", None, Pass("a/source", "draw", given), (), "normal", 1.0, 16 / 9, 1.0, False
        )
        changed = {name: value(frame / fps) for name, value in changes.items()}
        plan = Plan(
            frame / fps, frame, (layer,), {}, changed.pop("master", 1.0), np.zeros(0),
            limits_flashes=is_on, **changed,
        )  # fmt: skip
        film.append(made.compose(plan, {}).read("rgb24"))
    return np.array(film)


def is_on(hz: float, t: float) -> bool:
    return t * hz % 1.0 < 0.5


def strobe(hz: float, one: Any = WHITE, two: Any = BLACK, area: Any = ALL) -> Scene:
    return lambda t: (one if is_on(hz, t) else two, two, area)


def grey(level: float) -> Any:
    return (level, level, level, 1.0)


def quadrants(t: float) -> Any:
    """One after the other, 50 ms each; none flashes more than 2.5 times a second."""
    i = int(t * 10) % 4
    area = (0.5 * (i % 2), 0.5 + 0.5 * (i % 2), 0.5 * (i // 2), 0.5 + 0.5 * (i // 2))
    return (WHITE if is_on(10, t) else BLACK), BLACK, area


FLASHING: dict[str, Scene] = {
    "white and black, 10 Hz": strobe(10),
    "every frame": strobe(30),
    "just too fast": strobe(4),
    "a sine": lambda t: (grey(0.5 + 0.5 * math.sin(10 * math.pi * t)), BLACK, ALL),
    "red and black": strobe(10, RED),
    "red and blue": strobe(8, RED, BLUE),
    "dark red, whose light hardly changes": strobe(8, (0.6, 0, 0, 1)),
    "half of it": strobe(10, area=(0.2, 0.71, 0, 1)),
    "just more than a quarter": strobe(12, area=(0, 0.55, 0, 0.5)),
    "grey on dark grey": strobe(8, grey(0.45), grey(0.2)),
    "a bar as wide as half, 5 times a second": lambda t: (
        WHITE,
        BLACK,
        (t * 5 % 1.5 - 0.5, t * 5 % 1.5, 0, 1),
    ),
    "a board and its opposite": lambda t: (
        (WHITE, BLACK, (0, 0.5, 0, 1)) if is_on(9, t) else (BLACK, WHITE, (0, 0.5, 0, 1))
    ),
    "in bursts": lambda t: (WHITE if is_on(12, t) and t % 2 < 0.7 else BLACK, BLACK, ALL),
    "places in turn": quadrants,
}
CALM: dict[str, Scene] = {
    "three a second": strobe(3),
    "a small area, 20 Hz": strobe(20, area=(0, 0.45, 0, 0.45)),
    "cuts every second": lambda t: (grey((int(t) * 37 % 100) / 100), BLACK, ALL),
    "slow fades": lambda t: (grey(0.5 - 0.5 * math.cos(2 * math.pi * t)), BLACK, ALL),
    "a moving bar": lambda t: (WHITE, BLACK, (t % 1.2 - 0.2, t % 1.2, 0, 1)),
    "bright on bright": strobe(9, WHITE, grey(0.92)),
    "small changes": strobe(9, grey(0.5), grey(0.42)),
}


@pytest.mark.parametrize("fps", [60, 25])
@pytest.mark.parametrize("name", FLASHING)
def test_no_more_than_three_flashes_a_second_are_shown(
    made: Compositor, name: str, fps: int
) -> None:
    scene = FLASHING[name]
    assert count(play(made, scene, fps, is_on=False), fps).most > 6
    assert count(play(made, scene, fps), fps).most <= 6


@pytest.mark.parametrize("fps", [60, 25])
@pytest.mark.parametrize("name", CALM)
def test_what_does_not_flash_stays_as_it_is_to_the_bit(
    made: Compositor, name: str, fps: int
) -> None:
    scene = CALM[name]
    shown = play(made, scene, fps)
    assert count(shown, fps).most <= 6
    assert (shown == play(made, scene, fps, is_on=False)).all()


@pytest.mark.parametrize("cause", ["blackout", "exposure", "sound"])
def test_whatever_makes_it_flash(made: Compositor, cause: str) -> None:
    """A key that is hammered, a grade, an onset in each beat of a very fast piece."""
    still: Scene = lambda t: (grey(0.8), grey(0.3), (0, 0.7, 0, 1))  # noqa: E731
    beat: Scene = lambda t: (grey(0.1 + 0.9 * math.exp(-(t * 7.3 % 1) * 4)), BLACK, ALL)  # noqa: E731
    given: dict[str, Any] = {
        "blackout": {"master": lambda t: float(is_on(6, t))},
        "exposure": {"grade": lambda t: Grade(exposure=-3.0 * is_on(6, t))},
        "sound": {},
    }[cause]
    scene = beat if cause == "sound" else still
    assert count(play(made, scene, 60, is_on=False, **given), 60).most > 6
    assert count(play(made, scene, 60, **given), 60).most <= 6


def test_the_first_flashes_are_shown_then_it_is_damped_then_all_is_back(
    made: Compositor,
) -> None:
    """Ten a second for two seconds, then a still."""
    scene: Scene = lambda t: (  # noqa: E731
        (WHITE if is_on(10, t) else BLACK) if t < 2 else grey(0.4),
        grey(0.1),
        (0, 0.8, 0, 1),
    )
    free, shown = play(made, scene, 60, 5, is_on=False), play(made, scene, 60, 5)
    same = (free == shown).all(axis=(1, 2, 3))
    assert same[:15].all()
    assert not same[40:110].any()
    assert same[-60:].all()
    damped = shown[80:110, 20, 20, 0].astype(int)
    assert 60 < damped.min() <= damped.max() < 230
    assert len(np.unique(damped)) > 3  # it is no frozen picture
    assert (shown[:, :, 90:] == free[:, :, 90:]).all()  # nor is what does not flash


def test_it_is_the_same_again_and_a_rate_away(made: Compositor) -> None:
    scene = FLASHING["white and black, 10 Hz"]
    slow, fast = play(made, scene, 40, 3), play(made, scene, 80, 3)
    assert (slow == play(made, scene, 40, 3)).all()
    assert abs(slow[80:].mean() - fast[160:].mean()) < 12


def test_all_depths_are_limited_and_another_size_goes_on(ctx: moderngl.Context) -> None:
    made = Compositor(ctx, SIZE)
    made.load("draw", DRAW)
    frames = []
    for frame in range(120):
        if frame == 90:
            made.resize((48, 27))
        one, two, area = strobe(10)(frame / 60)
        source = Pass("a/source", "draw", {"one": one, "two": two, "area": area})
        layer = LayerPlan("a", None, source, (), "normal", 1.0, 16 / 9, 1.0, False)
        plan = Plan(frame / 60, frame, (layer,), {}, 1.0, np.zeros(0), limits_flashes=True)
        picture = made.compose(plan, {})
        frames.append(picture.read("rgb24"))
        deep = picture.read("rgb48").astype(float) / 257
        assert np.abs(deep - frames[-1]).max() <= 1.5
    assert count(np.array(frames), 60).most <= 6
    assert made.is_limiting
    made.close()


def test_time_that_goes_back_begins_anew(ctx: moderngl.Context) -> None:
    """A canvas that is drawn again and again at one moment is not limited: nothing has passed."""
    made = Compositor(ctx, SIZE)
    made.load("draw", DRAW)
    for frame in range(40):
        one, two, area = strobe(30)(frame / 60)
        source = Pass("a/source", "draw", {"one": one, "two": two, "area": area})
        layer = LayerPlan("a", None, source, (), "normal", 1.0, 16 / 9, 1.0, False)
        plan = Plan(0.0, 0, (layer,), {}, 1.0, np.zeros(0), limits_flashes=True)
        found = made.compose(plan, {}).read("rgb24")
        assert found.min() == found.max() == (255 if one == WHITE else 0)
    made.close()
