"""Oscillators: shapes, phase, swing and width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.oscillators import signals_at, wave
from engine.core.curves import swung
from engine.core.show.controls import Lfo
from tests.making import read_show, run


def level(keys: str, tick: int, dt: float = 0.0) -> float:
    show = read_show(f'[[lfos]]\nid = "o"\n{keys}')
    return signals_at(show, run(show, tick), dt)[show.signal_of["lfo/o"]]


def test_steps_hold_one_value_a_cycle() -> None:
    lfo = Lfo("o", "steps", 0, 0.0, 0)
    values = [wave(lfo, n / 10, 1) for n in range(100)]
    assert all(len(set(values[n : n + 10])) == 1 for n in range(0, 100, 10))
    assert len(set(values)) == 10
    assert wave(lfo, 3.5, 1) == wave(Lfo("o", "noise", 0, 0.0, 0), 3.0, 1)


def test_a_pulse_is_as_wide_as_it_says() -> None:
    lfo = Lfo("o", "square", 0, 0.0, 0, width=0.2)
    assert sum(wave(lfo, n / 100, 1) for n in range(100)) == 20


def test_a_phase_begins_elsewhere() -> None:
    assert level('wave = "saw"\nrate_hz = 1.0\nphase = 0.25', 60) == pytest.approx(0.75)
    assert level('wave = "saw"\nbeats = 1\nphase = -0.25', 0) == 0.75


def test_swing_lets_the_second_of_two_cycles_begin_later() -> None:
    keys = f'wave = "saw"\nbeats = 1\nswing = {1 / 3}'  # two beats are a second
    assert level(keys, 40) == pytest.approx(0.5)
    assert level(keys, 79) > 0.98
    assert level(keys, 80, 1e-6) < 1e-5
    assert level(keys, 100) == pytest.approx(0.5)


@given(st.floats(-1e3, 1e3), st.floats(0.0, 0.9), st.floats(0.0, 1.0))
def test_swing_runs_forwards_and_keeps_every_second_beat(phase, swing, more) -> None:
    assert swung(phase, swing) <= swung(phase + more, swing) + 1e-9
    whole = 2.0 * round(phase)
    assert swung(whole, swing) == pytest.approx(whole)
    assert abs(swung(phase, swing) - phase) <= swing + 1e-9
