"""Steering: springs, a joystick's speeds, momentum, glides and snaps, exact at any rate."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.control.steering import axis_at
from engine.core.frame.now import steer_at
from engine.core.frame.sample import latents
from engine.core.frame.values import effective
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State
from engine.core.springs import Spring, advance_springs
from tests.making import base, film, frames_at, latent, loop_of, read_show, run

PATH = "/layer/form/path/"
X, MODE, RELEASE = "/master/steer_x", "/master/steer_mode", "/master/steer_release"
TAU = 0.6


def show_of(text: str = "", control_hz: str = "120") -> Show:
    return read_show(
        f"""
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
config = {{ latent_size = 64 }}
[layers.path]
{text}
""",
        control_hz,
    )


def z_of(show: Show, state: State) -> np.ndarray:
    rate = float(show.control_hz)
    return latents(show, state, state.tick / rate)["/layer/form/generator/z"].astype(np.float64)


def split(total: float, parts: int) -> list[float]:
    return [total / parts] * parts


axes = st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9))


@given(axes, st.floats(0.5, 60), st.sampled_from([0.0, 0.05, TAU, 5.0]), st.floats(0.01, 3))
def test_an_axis_is_the_same_at_30_and_144_hz(axis, omega, tau, seconds) -> None:
    ends = []
    for rate in (30, 144):
        now = axis
        for dt in split(seconds, max(round(seconds * rate), 1)):
            now = axis_at(now, dt, omega, tau)
        ends.append(now)
    assert np.allclose(ends[0], ends[1], rtol=0.0, atol=1e-9)


@given(axes, st.floats(0.02, 3), st.floats(0.01, 2))
def test_a_glide_is_the_same_at_30_and_144_hz(axis, half_s: float, seconds: float) -> None:
    ends = []
    for rate in (30, 144):
        now = (Spring(*axis, half_s),)
        for dt in split(seconds, max(round(seconds * rate), 1)):
            now = advance_springs(now, dt)
        ends.append(now[0])
    assert np.allclose(ends[0], ends[1], rtol=0.0, atol=1e-9)


def test_a_pushed_slider_is_half_way_after_its_time_at_any_control_rate() -> None:
    place = f"{PATH}push_1"
    for rate in ("30", "144", "59.94"):
        show = show_of("glide_s = 0.5", rate)
        state = run(show, 1, [(1, place, 4.0)])
        now = float(effective(show, state, state.tick / float(show.control_hz) + 0.5)[
            show.registry.index[place]])  # fmt: skip
        assert now == pytest.approx(2.0, abs=1e-9)
        assert base(show, state, place) == 4.0


def test_a_joystick_s_deflection_is_a_speed() -> None:
    show = show_of()
    held = run(show, 1200, [(0, MODE, "velocity"), (0, X, 0.5)])
    (place, speed, _), _ = held.steer
    assert speed == pytest.approx(0.5)
    assert place == pytest.approx(0.5 * (10.0 - 1.0 / 6.0), abs=1e-9)  # it sets off with 1/omega
    free = run(show, 1200 + 72, [(1201, X, 0.0)], held)
    (_, slower, _), _ = free.steer
    assert slower == pytest.approx(0.5 * math.exp(-71 / 120 / TAU), abs=1e-9)
    between = steer_at(free, 1 / 300)[0]
    assert between == pytest.approx(axis_at(free.steer[0], 1 / 300, 6.0, TAU)[0])


@pytest.mark.parametrize("control_hz", ["30", "144"])
def test_what_is_let_go_goes_on_and_its_speed_fades_with_tau(control_hz: str) -> None:
    show = show_of("", control_hz)
    rate = int(control_hz)
    moving = run(show, rate // 5, [(0, X, 2.0)])
    (place, speed, _), _ = moving.steer
    assert speed > 1.0
    free = run(show, moving.tick + 1, [(moving.tick + 1, RELEASE, 1)], moving)
    (place, speed, _), _ = free.steer
    for seconds in (0.1, 0.9, 2.5):
        now = run(show, free.tick + round(seconds * rate), (), free)
        since = (now.tick - free.tick) / rate
        assert now.steer[0][1] == pytest.approx(speed * math.exp(-since / TAU), abs=1e-9)
        rest = place + speed * TAU * (1 - math.exp(-since / TAU))
        assert now.steer[0][0] == pytest.approx(rest, abs=1e-9)
    assert base(show, free, X) == pytest.approx(place + speed * TAU)
    caught = run(show, free.tick + 5 * rate, [(free.tick + rate, X, -1.0)], free)
    assert caught.steer[0][0] == pytest.approx(-1.0, abs=1e-6)


def test_frames_at_30_and_144_hz_meet_also_where_a_hand_moves_everything() -> None:
    show = show_of('motion = "keys"\npad = 0.3\npace = 2.0\nmagnet = 0.5')
    from engine.core.event import Event

    told = [(3, f"{PATH}pad_x", 1.0), (9, f"{PATH}push_3", 3.0), (20, X, 1.0), (40, RELEASE, 1),
            (41, f"{PATH}ban", 1), (70, f"{PATH}snap", 1), (80, MODE, 1), (81, X, 3.0)]  # fmt: skip
    events = {t: [Event(t, a, v, "t", 0)] for t, a, v in told}
    found = {
        fps: dict(zip(frames_at(fps, 1.0), film(show, frames_at(fps, 1.0), events)[1], strict=True))
        for fps in (30, 144)
    }
    both = found[30].keys() & found[144].keys()
    assert Fraction(5, 6) in both
    assert all(np.array_equal(latent(found[30][t]), latent(found[144][t])) for t in both)


def test_a_snap_lands_on_the_nearest_key_and_steering_begins_anew_there() -> None:
    show = show_of('motion = "keys"\nseeds = [3, 14, 15, 92]\nspeed = 0.0\noffset = 0.9')
    steered = run(show, 240, [(0, X, 0.3)])
    state = run(show, 480, [(241, f"{PATH}snap", 1)], steered)
    key = loop_of((3, 14, 15, 92), 1.0, 64)
    assert np.allclose(z_of(show, state), key, atol=1e-6)
    assert not np.allclose(z_of(show, steered), key, atol=0.1)
    path = [z_of(show, run(show, t, (), steered) if t < 241 else
                 run(show, t, [(241, f"{PATH}snap", 1)], steered))
            for t in (239 + 1, 241, 242, 243)]  # fmt: skip
    assert max(np.linalg.norm(np.diff(path, axis=0), axis=1)) < 0.05  # it flies, it does not jump
    turned = run(show, 900, [(481, X, 0.8)], state)
    assert float(z_of(show, turned) @ key) < 0.95 * float(key @ key)


@pytest.mark.parametrize("turning", ["pingpong", "once"])
def test_a_snap_finds_its_key_also_on_a_path_with_ends(turning: str) -> None:
    text = f'motion = "keys"\nseeds = [1, 2, 3, 4]\nturning = "{turning}"\noffset = 1.8\nspeed = 0'
    show = show_of(text)
    state = run(show, 240, [(9, f"{PATH}snap", 1)])
    rows = [loop_of((seed,), 0.0, 64) for seed in (1, 2, 3, 4)]
    assert min(np.abs(z_of(show, state) - row).max() for row in rows) < 1e-5


def test_nothing_turns_faster_than_its_pace() -> None:
    show = show_of("pace = 0.4\njump_s = 0.1")
    state, z = run(show, 10), []
    for tick in range(11, 200):
        state = run(show, tick, [(40, f"{PATH}jump", 1)], state)
        z.append(z_of(show, state))
    rows = np.array(z) / np.linalg.norm(z, axis=1, keepdims=True)
    turns = np.arccos(np.clip((rows[1:] * rows[:-1]).sum(1), -1, 1))
    assert turns.max() == pytest.approx(0.4 / 120, rel=1e-3)


def test_a_corner_of_the_pad_is_where_one_was() -> None:
    show = show_of("glide_s = 0.0\nspeed = 1.0")
    told = [(50, f"{PATH}corner", 4.0), (51, f"{PATH}corner", 9.0), (60, f"{PATH}pad", 1.0),
            (60, f"{PATH}pad_x", 1.0), (60, f"{PATH}pad_y", 1.0)]  # fmt: skip
    here = z_of(show, run(show, 50))
    assert np.allclose(z_of(show, run(show, 300, told)), here, atol=1e-6)


moments = st.sampled_from([
    (X, 1.5), (X, 0.0), (MODE, 1), (MODE, 0), (RELEASE, 1), (f"{PATH}snap", 1), (f"{PATH}ban", 1),
    (f"{PATH}unban", 1), (f"{PATH}clear_bans", 1), (f"{PATH}jump", 1), (f"{PATH}corner", 2.0),
    (f"{PATH}pad", 0.7), (f"{PATH}push_8", -3.0), (f"{PATH}patina", 1.0), (f"{PATH}pace", 3.0),
    (f"{PATH}magnet", 1.0), ("/master/freeze", 1), ("/master/freeze", 0), (f"{PATH}glide_s", 0.0),
])  # fmt: skip


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 90), moments), max_size=12), st.integers(0, 90))
def test_a_state_that_was_written_down_goes_on_to_the_bit(told, at: int) -> None:
    show = show_of("patina_s = 0.1")
    events = [(tick, address, value) for tick, (address, value) in told]
    whole = run(show, 100, events)
    half = run(show, at, events)
    again = run(show, 100, events, from_data(show, to_data(show, half)))
    assert np.isfinite(z_of(show, whole)).all()
    assert z_of(show, again).tobytes() == z_of(show, whole).tobytes()
    assert to_data(show, again) == to_data(show, whole)


def test_a_key_that_somebody_chose_is_met_however_far_out_it_is() -> None:
    show = show_of('motion = "keys"\nspeed = 0.0\nseeds = [5, 6]')
    far = 3.0 * loop_of((7,), 0.0, 64)
    told = [(5, f"{PATH}key", tuple(far)), (6, f"{PATH}offset", 1.0)]
    assert np.abs(z_of(show, run(show, 300, told)) - far).max() < 1e-5
    held = run(show, 300, [*told, (7, f"{PATH}pad", 1.0), (7, f"{PATH}clear_keys", 1)])
    assert np.linalg.norm(z_of(show, held)) < 9.0  # a pad between seeds is on the shell
