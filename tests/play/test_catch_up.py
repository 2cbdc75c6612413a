"""A performance that comes late and the film of its take, picture by picture; no clock is read."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.core.control.cues import shader_ready_address
from engine.core.event import Event
from engine.core.frame.plan import Plan
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.play.catch_up import LEAST_STEPS, MOST_S, CatchUp
from engine.play.line import LEAVE_OUT, LOAD, Line, draw, load_shaders, step_histories

SIZE, FPS = (32, 18), 60
TRAIL = """/*{"INPUTS": [{"NAME": "flash", "TYPE": "event"}],
"PASSES": [{"TARGET": "past", "PERSISTENT": true, "FLOAT": true}, {}]}*/
void main() {
    if (PASSINDEX == 1) { gl_FragColor = vec4(IMG_THIS_PIXEL(past).rgb, 1.0); return; }
    vec3 now = flash ? vec3(1.0) : vec3(0.5 + 0.5 * sin(20.0 * TIME), TIME, 0.3);
    gl_FragColor = vec4(mix(IMG_THIS_PIXEL(past).rgb, now, GAIN), 1.0);
}
"""
LATE = [0, 1, 2, 3, 33, 34, 35, 36, 75, 76, 120, 121]
"""Frames that a busy machine got to draw."""


class NoPixels:
    """Of a show without generators."""

    def of(self, plan: Plan, layers: Any) -> dict[str, Any]:
        return {}

    def see(self, compositor: Compositor) -> None:
        """See nothing."""


def show_of(folder: Path, gain: float = 0.1) -> Show:
    (folder / "trail.fs").write_text(TRAIL.replace("GAIN", str(gain)), "utf-8")
    path = folder / "show.toml"
    path.write_text(
        'schema = 1\nname = "late"\nsize_px = [32, 18]\n'
        '[[layers]]\nid = "a"\n[layers.source]\nshader = "trail"\n'
    )
    return load.load(str(path)).show


def performed(
    ctx: moderngl.Context,
    shows: dict[str, Show],
    frames: Sequence[int],
    events: dict[int, list[Event]],
    catch_up: CatchUp | None,
) -> dict[int, bytes]:
    """Pictures of frames; with `catch_up` live, which writes what it leaves out into the events."""
    show = shows[""]
    compositor = Compositor(ctx, SIZE, float(FPS))
    load_shaders(compositor, show)
    line, pixels = Line(show, first_state(show), -1, shows), NoPixels()

    def change(show: Show, steps: Sequence[Plan]) -> None:
        for each in steps:
            step_histories(compositor, pixels, each)
        load_shaders(compositor, show)

    line.on_show = change
    found = {}
    for frame in frames:
        at = Fraction(frame, FPS)
        if catch_up is not None and (gone := catch_up.left_out(line.due(at), 1.0)):
            tick = line.state.tick + 1
            events.setdefault(tick, []).append(Event(tick, LEAVE_OUT, line.step + gone, "clock", 0))
        steps = line.control(at, lambda tick: events.get(tick, ()))
        picture = draw(compositor, pixels, steps, line.plan(at))
        found[frame] = np.array(picture.read("rgb24")).tobytes()
    compositor.close()
    return found


def costing(step_s: float) -> CatchUp:
    """What knows that a step costs so much here."""
    found = CatchUp()
    found.note(2.0 * step_s, 1)
    return found


@pytest.mark.parametrize("step_s", [0.0001, 0.02], ids=["fast", "slow"])
@pytest.mark.parametrize("fps_of_film", [60, 30])
def test_the_film_of_a_late_performance_has_the_pictures_that_were_seen(
    ctx: moderngl.Context, tmp_path: Path, step_s: float, fps_of_film: int
) -> None:
    shows = {"": show_of(tmp_path), "next": show_of(tmp_path, 0.3)}
    flash = Event(90, "/layer/a/source/flash", True, "hand", 0)
    events = {
        90: [flash],
        170: [Event(170, LOAD, "next", "host", 0)],
        75: [Event(75, "/master/freeze", True, "hand", 0)],
        79: [Event(79, "/master/freeze", False, "hand", 0)],
    }
    live = performed(ctx, shows, LATE, events, costing(step_s))
    is_slow = any(e.address == LEAVE_OUT for each in events.values() for e in each)
    assert is_slow == (step_s > MOST_S / 30)
    film = performed(ctx, shows, range(0, 122, 60 // fps_of_film), events, None)
    seen = [frame for frame in live if frame in film]
    assert len(seen) >= 5
    assert [frame for frame in seen if live[frame] != film[frame]] == []
    assert len(set(live.values())) > 8


def test_what_is_left_out_is_seen_by_the_step_that_follows(
    ctx: moderngl.Context, tmp_path: Path
) -> None:
    """An event of a shader, fired in a step that nobody draws, is in the next one."""
    shows = {"": show_of(tmp_path, 1.0)}
    flash = Event(20, "/layer/a/source/flash", True, "hand", 0)
    events = {20: [flash], 3: [Event(3, LEAVE_OUT, 29, "clock", 0)]}
    pictures = performed(ctx, shows, [1, 30, 31], events, None)
    assert set(pictures[30]) == {255}
    assert set(pictures[31]) != {255}


def test_a_shader_joins_the_film_when_it_joined_the_performance(
    ctx: moderngl.Context, tmp_path: Path
) -> None:
    shows = {"": show_of(tmp_path)}
    address = shader_ready_address("trail")
    events = {0: [Event(0, address, 0, "host", 0)], 61: [Event(61, address, 1, "host", 0)]}
    late = performed(ctx, shows, range(41), events, None)
    assert {frame for frame in late if set(late[frame]) == {0}} == set(range(31))
    shifted = performed(ctx, shows, range(41), {}, None)
    assert late[40] != shifted[40]


def test_a_frame_in_time_leaves_nothing_out_however_dear_its_steps_are() -> None:
    catch_up = CatchUp()
    assert catch_up.left_out(LEAST_STEPS, 1.0) == 0
    catch_up.note(3.0, 2)
    assert catch_up.left_out(12, 12.0) == 0  # a show of five frames a second
    assert catch_up.left_out(LEAST_STEPS + 3, 1.0) == 3
    catch_up.note(0.0, 0)  # what was dear was something else
    assert catch_up.left_out(60, 1.0) == 0
    for _ in range(8):
        catch_up.note(3.0, 2)
    assert catch_up.left_out(60, 1.0) == 60 - LEAST_STEPS
