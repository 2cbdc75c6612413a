"""Decks on pixels: each transition against formulas, nothing hidden seen, a held one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.compositor.compose import Compositor
from engine.core.frame.sample import preview, sample
from engine.core.show.show import Show
from engine.documents.show import load
from engine.play.line import step_histories
from tests.compositor.srgb import decode, encode
from tests.making import run

SIZE = (64, 36)
COLOUR = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "c", "TYPE": "color"}]}*/\n'
    "void main() { gl_FragColor = c; }"
)
# A slanted edge that moves: both ends, progress, an input of its own, and the place of each pixel.
WIPE = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "startImage", "TYPE": "image"}, {"NAME": "endImage", "TYPE": "image"},
  {"NAME": "progress", "TYPE": "float"},
  {"NAME": "lift", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1}]}*/
void main() {
    vec2 p = isf_FragNormCoord;
    bool there = p.x + 0.2 * p.y < 1.2 * progress;
    vec4 c = there ? IMG_THIS_PIXEL(endImage) : IMG_THIS_PIXEL(startImage);
    gl_FragColor = vec4(min(c.rgb + lift, 1.0), c.a);
}"""
TRAIL = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}],
 "PASSES": [{"TARGET": "kept", "PERSISTENT": true}, {}]}*/
void main() {
    if (PASSINDEX == 0) gl_FragColor = IMG_THIS_PIXEL(kept) + vec4(0.01);
    else gl_FragColor = vec4(IMG_THIS_PIXEL(kept).rgb, 1.0);
}"""
LOOK = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "seen", "TYPE": "image"}]}*/
void main() { gl_FragColor = vec4(0.9 * IMG_THIS_PIXEL(seen).bgr, 1.0); }"""
SHADERS = {"colour": COLOUR, "wipe": WIPE, "trail": TRAIL, "look": LOOK}
ECHO = """
[[layers]]
id = "echo"
opacity = 0.5
[layers.source]
shader = "look"
images = { seen = "picture" }
"""
UNDER, A, A_TOP, B = (
    (0.3, 0.5, 0.2, 1.0),
    (0.8, 0.2, 0.1, 1.0),
    (0.1, 0.9, 0.4, 0.5),
    (0.1, 0.3, 0.9, 0.6),
)
TEXT = f"""
schema = 1
size_px = [{SIZE[0]}, {SIZE[1]}]
[decks]
[[decks.transitions]]
shader = "wipe"
inputs = {{ lift = 0.1 }}
[[layers]]
id = "under"
[layers.source]
shader = "colour"
inputs = {{ c = {list(UNDER)} }}
[[layers]]
id = "first"
deck = "a"
[layers.source]
shader = "colour"
inputs = {{ c = {list(A)} }}
[[layers]]
id = "second"
deck = "a"
blend = "add"
[layers.source]
shader = "colour"
inputs = {{ c = {list(A_TOP)} }}
[[layers]]
id = "other"
deck = "b"
[layers.source]
shader = "colour"
inputs = {{ c = {list(B)} }}
"""
Array = NDArray[np.float64]


@pytest.fixture
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, SIZE)
    for name, text in SHADERS.items():
        made.load(name, text)
    yield made
    made.close()


def read(text: str = TEXT) -> Show:
    return load.read(text, "test", SHADERS.__getitem__)[0]


def premultiplied(rgba: tuple[float, ...]) -> Array:
    c = np.array(rgba)
    return np.array([*(decode(c[:3]) * c[3]), c[3]])


def over(top: Array, below: Array) -> Array:
    return top + below * (1.0 - top[3])


DECK_A = premultiplied(A) + premultiplied(A_TOP)  # added: the canvas keeps what is beyond 1
DECK_A[3] = 1.0
DECK_B = premultiplied(B)


def wanted(transition: str, curve: str, fade: float) -> Array:
    """The picture [shape=(H, W, 3)], row 0 at the top."""
    below = premultiplied(UNDER)
    whole = np.ones((SIZE[1], SIZE[0], 1))
    light = cover = np.array([1.0 - fade, fade])
    if transition == "cut":
        light = cover = np.array([1.0, 0.0] if fade < 0.5 else [0.0, 1.0])
    elif transition == "black":
        light = np.array([max(1.0 - 2.0 * fade, 0.0), max(2.0 * fade - 1.0, 0.0)])
    elif curve == "power":
        light = cover = np.array([np.cos(np.pi * fade / 2), np.sin(np.pi * fade / 2)])
    if transition == "wipe" and 0.0 < fade < 1.0:
        x = (np.arange(SIZE[0]) + 0.5) / SIZE[0]
        y = 1.0 - (np.arange(SIZE[1]) + 0.5) / SIZE[1]
        is_end = (x[None, :] + 0.2 * y[:, None] < 1.2 * fade)[..., None]
        ends = []
        for deck in (DECK_A, DECK_B):
            straight = encode(np.clip(deck[:3] / max(deck[3], 1e-4), 0.0, 1.0))
            alpha = min(deck[3], 1.0)
            ends.append(premultiplied((*np.minimum(straight + 0.1, 1.0), alpha)))
        mixed = np.where(is_end, ends[1], ends[0])
        result = mixed + below * (1.0 - mixed[..., 3:])
    else:
        rgb = light[0] * DECK_A[:3] + light[1] * DECK_B[:3]
        alpha = min(cover[0] * DECK_A[3] + cover[1] * DECK_B[3], 1.0)
        result = over(np.array([*rgb, alpha]), below) * whole
    return 255.0 * encode(np.clip(result[..., :3], 0.0, 1.0))


@pytest.mark.parametrize("fade", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(
    ("transition", "curve"),
    [
        ("fade", "linear"),
        ("fade", "power"),
        ("cut", "linear"),
        ("black", "linear"),
        ("wipe", "linear"),
    ],
)
def test_each_transition_is_its_formula(
    compositor: Compositor, transition: str, curve: str, fade: float
) -> None:
    show = read()
    events = [("/crossfader", fade), ("/crossfader/transition", transition)]
    events.append(("/crossfader/curve", curve))
    state = run(show, 2, [(1, *each) for each in events])
    found = compositor.compose(sample(show, state, 2 / 120), {}).read("rgb24").astype(float)
    assert np.abs(found - wanted(transition, curve, fade)).max() <= 1.6


def test_nothing_of_the_hidden_deck_is_on_air(compositor: Compositor) -> None:
    """With its preview drawn in between, frame by frame the same bits as without that deck."""
    effects = '\n[[layers.effects]]\nshader = "trail"\n'
    both = read(TEXT + effects)
    alone = read((TEXT + effects).replace("{ c = [0.1, 0.3, 0.9, 0.6] }", "{ c = [0, 0, 0, 0] }")
                 .replace(effects, ""))  # fmt: skip
    next_one = compositor.beside((32, 18))
    pictures: dict[str, list[bytes]] = {}
    for name, show in (("both", both), ("alone", alone)):
        for frame in range(6):
            state = run(show, 2 * frame)
            plan = sample(show, state, frame / 60)
            step_histories(compositor, _Nothing(), plan)  # type: ignore[arg-type]
            if name == "both":
                hidden = preview(show, state, frame / 60)
                assert hidden is not None
                next_one.step(hidden, {})
                seen = next_one.compose(hidden, {}).read("rgb24")
                assert seen[9, 16, 0] < 40  # it is drawn: what its trail remembers
            pictures.setdefault(name, []).append(
                compositor.compose(plan, {}).read("rgb24").tobytes()
            )
    next_one.close()
    assert pictures["both"] == pictures["alone"]


class _Nothing:
    """No generators."""

    def of(self, plan: object, layers: object) -> dict[str, object]:
        del plan, layers
        return {}

    def see(self, compositor: object) -> None:
        """Nobody looks."""


def test_what_a_preview_draws_with_stays_when_it_is_closed(compositor: Compositor) -> None:
    show = read()
    plan = sample(show, run(show, 2), 2 / 120)
    before = compositor.compose(plan, {}).read("rgb24").copy()
    compositor.beside((32, 18)).close()
    assert (compositor.compose(plan, {}).read("rgb24") == before).all()


def test_a_held_picture_stands_still_and_can_be_darkened(compositor: Compositor) -> None:
    show = read()
    a, b = (sample(show, run(show, 2, [(1, "/crossfader", x)]), 2 / 120) for x in (0.2, 0.8))
    seen = [compositor.compose(each, {}).read("rgb24").astype(int) for each in (a, b)]
    assert np.abs(seen[0] - seen[1]).max() > 20
    held = compositor.compose(replace(a, is_held=True), {}).read("rgb24").copy()
    assert np.abs(held - seen[0]).max() <= 1
    for seconds in (1.0, 2.0):
        later = compositor.compose(replace(b, is_held=True, seconds=seconds), {})
        assert (later.read("rgb24") == held).all()
    assert (later.read("rgb48") >> 8 == held).mean() > 0.6
    compositor.resize((32, 18))
    assert (
        np.abs(
            compositor.compose(replace(b, is_held=True), {}).read("rgb24") - held.astype(int)
        ).max()
        <= 2
    )
    compositor.resize(SIZE)
    assert compositor.compose(replace(b, is_held=True, master=0.0), {}).read("rgb24").max() == 0
    goes_on = compositor.compose(b, {}).read("rgb24").astype(int)
    assert np.abs(goes_on - seen[1]).max() <= 1


def test_the_canvas_behind_a_held_picture_goes_on(compositor: Compositor) -> None:
    """Shaders that read the picture see what would be shown, not what stands still."""
    show = read(TEXT + ECHO)
    frames = []
    for is_held in (False, True):
        made = Compositor(compositor._ctx, SIZE)
        for name, text in SHADERS.items():
            made.load(name, text)
        for frame in range(4):
            events = [(1, "/master/hold", is_held), (6, "/master/hold", False)]
            plan = sample(show, run(show, 2 * frame, events), frame / 60)
            step_histories(made, _Nothing(), plan)  # type: ignore[arg-type]
            picture = made.compose(plan, {})
        frames.append(picture.read("rgb24").copy())
        made.close()
    assert (frames[0] == frames[1]).all()
