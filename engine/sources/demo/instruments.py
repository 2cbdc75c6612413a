"""Synthesised instruments and reverb of the built-in piece: notes in, sound out.

Every function returns float32 samples. Tones come from single-cycle wavetables (band-limited by
construction: a table holds only the partials that fit), plucked strings from Karplus and Strong's
loop ("Digital Synthesis of Plucked-String and Drum Timbres", Computer Music Journal 7(2), 1983),
bells from Chowning's frequency modulation (JAES 21(7), 1973).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
_TABLE = 16_384


def hz(note: float) -> float:
    """Frequency of a MIDI note in equal temperament, A4 = 440 Hz."""
    return 440.0 * math.pow(2.0, (note - 69.0) / 12.0)


def seconds(duration_s: float, rate_hz: int) -> Sound:
    """Times of the samples of a sound (n,)."""
    return np.arange(round(duration_s * rate_hz), dtype=np.float32) / np.float32(rate_hz)


def table(weight: Callable[[int], float], note_hz: float, top_hz: float) -> Sound:
    """One cycle whose k-th partial has amplitude ``weight(k)``, none above `top_hz`."""
    partials = max(min(int(top_hz / note_hz), 64), 1)
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    for k in range(1, partials + 1):
        # Phases that spread the partials (Schroeder 1970) keep the crest low.
        spectrum[k] = weight(k) * np.exp(-1j * math.pi * k * k / partials)
    return (np.fft.irfft(spectrum) * (_TABLE / 2)).astype(np.float32)


def cycles(note_hz: float, count: int, rate_hz: int, depth: float = 0.0) -> NDArray[np.intp]:
    """Places in a wavetable of a steady tone, or of one with a vibrato that comes late (n,)."""
    step = note_hz * _TABLE / rate_hz
    phase = np.arange(count) * step
    if depth:
        t = np.arange(count) / rate_hz
        swing = 2.0 * math.pi * 5.2
        phase += depth * note_hz * _TABLE / swing * np.minimum(t / 0.6, 1.0) * np.sin(swing * t)
    return phase.astype(np.intp) & (_TABLE - 1)


def swell(count: int, rise: float, fall: float) -> Sound:
    """Envelope that rises and falls over parts of its length, as halves of a raised cosine (n,)."""
    out = np.ones(count, np.float32)
    up, down = round(count * rise), round(count * fall)
    out[:up] = 0.5 - 0.5 * np.cos(np.linspace(0.0, math.pi, up, dtype=np.float32))
    out[count - down :] *= 0.5 + 0.5 * np.cos(np.linspace(0.0, math.pi, down, dtype=np.float32))
    return out


def pad(note: float, duration_s: float, rate_hz: int, rise: float, bright: float) -> Sound:
    """Two detuned strings, left and right, that open and close like a breath (n, 2)."""
    count = round(duration_s * rate_hz)
    shape = swell(count, rise, 0.45)
    dark = table(lambda k: k**-2.4, hz(note), 2_500.0)
    open_ = table(lambda k: k**-1.25, hz(note), 6_000.0) - dark
    out = np.empty((count, 2), np.float32)
    for side, cents in enumerate((-4.0, 5.0)):
        places = cycles(hz(note + cents / 100.0), count, rate_hz)
        out[:, side] = (dark[places] + open_[places] * (bright * shape)) * shape
    return out


def drone(note: float, duration_s: float, rate_hz: int) -> Sound:
    """Low strings that beat slowly against each other (n, 2)."""
    count = round(duration_s * rate_hz)
    wave = table(lambda k: k**-1.5 * (1.0 if k % 3 else 0.35), hz(note), 1_800.0)
    fifth = table(lambda k: k**-1.9, hz(note + 7.02), 1_800.0)
    out = np.zeros((count, 2), np.float32)
    for side, cents in enumerate((-3.0, 3.0)):
        out[:, side] += wave[cycles(hz(note + cents / 100.0), count, rate_hz)]
        out[:, side] += 0.45 * fifth[cycles(hz(note + 7.02 - cents / 60.0), count, rate_hz)]
    return out * swell(count, 0.2, 0.3)[:, None]


def pluck(note: float, duration_s: float, rate_hz: int, rng: np.random.Generator) -> Sound:
    """Pluck a string (n,): a burst of noise in a loop that loses its highs."""
    period = int(rate_hz / hz(note))
    burst = rng.uniform(-1.0, 1.0, period)
    burst = 0.5 * (burst + np.roll(burst, 1))
    burst -= burst.mean()
    stretch = hz(note) * (period + 0.5) / rate_hz  # the loop is half a sample longer than its line
    laps = int(duration_s * rate_hz * stretch / period) + 2
    line = np.empty((laps, period))
    line[0] = burst
    for lap in range(1, laps):
        before = line[lap - 1]
        line[lap, 1:] = before[1:] + before[:-1]
        line[lap, 0] = before[0] + (line[lap - 2, -1] if lap > 1 else 0.0)
        line[lap] *= 0.4985
    count = round(duration_s * rate_hz)
    tuned = np.interp(np.arange(count) * stretch, np.arange(line.size), line.ravel())
    return np.asarray(tuned.astype(np.float32) * swell(count, 0.0, 0.3))


def bell(note: float, duration_s: float, rate_hz: int, ratio: float, index: float) -> Sound:
    """Sine modulated by a sine whose depth dies away (n,)."""
    t = seconds(duration_s, rate_hz)
    turn = np.float32(2.0 * math.pi * hz(note))
    fade = np.exp(-t * np.float32(4.5 / duration_s))
    strike = np.minimum(t / np.float32(0.004), 1.0)
    modulator = np.float32(index) * fade * fade * np.sin(turn * np.float32(ratio) * t)
    return np.asarray(np.sin(turn * t + modulator) * fade * strike * swell(len(t), 0.0, 0.1))


def reed(note: float, duration_s: float, rate_hz: int, rng: np.random.Generator) -> Sound:
    """Blow a hollow pipe (n,): odd partials, late vibrato and a little breath."""
    count = round(duration_s * rate_hz)
    wave = table(lambda k: (1.0 if k % 2 else 0.12) * k**-1.5, hz(note), 5_000.0)
    shape = swell(count, min(0.06 / duration_s, 0.4), min(0.25 / duration_s, 0.5))
    breath = np.diff(rng.standard_normal(count + 1).astype(np.float32)) * np.float32(0.012)
    return (wave[cycles(hz(note), count, rate_hz, 0.004)] + breath) * shape


def bass(note: float, duration_s: float, rate_hz: int) -> Sound:
    """Pluck a bass (n,): a saw that closes quickly over a sine."""
    count = round(duration_s * rate_hz)
    t = seconds(duration_s, rate_hz)[:count]
    places = cycles(hz(note), count, rate_hz)
    open_ = table(lambda k: 1.0 / k, hz(note), 2_400.0)
    round_ = table(lambda k: k**-2.5, hz(note), 500.0)
    sound = round_[places] + 0.5 * open_[places] * np.exp(-t / np.float32(0.09))
    return np.asarray(sound * np.minimum(t / 0.004, 1.0) * swell(count, 0.0, 0.2), np.float32)


def kick(duration_s: float, rate_hz: int, low_hz: float, drop_hz: float) -> Sound:
    """Strike a deep drum (n,): a sine that falls to `low_hz`, with a soft click."""
    t = seconds(duration_s, rate_hz)
    turns = low_hz * t - drop_hz * 0.045 * np.expm1(-t / np.float32(0.045))
    body = np.sin(2.0 * np.pi * turns) * np.exp(-t * np.float32(4.2 / duration_s))
    click = np.exp(-t / np.float32(0.002)) * np.sin(2.0 * np.pi * 1_800.0 * t)
    sound = np.tanh(1.6 * body + 0.25 * click) * np.minimum(t / 0.001, 1.0)
    return np.asarray(sound * swell(len(t), 0.0, 0.3), np.float32)


def hat(duration_s: float, rate_hz: int, rng: np.random.Generator) -> Sound:
    """Noise without lows that dies at once (n,)."""
    t = seconds(duration_s, rate_hz)
    noise = np.diff(rng.standard_normal(len(t) + 2).astype(np.float32), 2)
    return np.asarray(noise * np.exp(-t * np.float32(6.0 / duration_s)) * np.float32(0.25))


def clap(rate_hz: int, rng: np.random.Generator) -> Sound:
    """Three small bursts of noise and one that rings (n,)."""
    t = seconds(0.22, rate_hz)
    noise = np.diff(rng.standard_normal(len(t) + 1).astype(np.float32))
    noise[1:] = 0.5 * (noise[1:] + noise[:-1])
    shape = sum(
        np.exp(-(t - at) / np.float32(fade)) * (t >= at)
        for at, fade in ((0.0, 0.004), (0.011, 0.004), (0.022, 0.06))
    )
    return np.asarray(noise * shape * swell(len(t), 0.0, 0.2), np.float32)


def wind(duration_s: float, rate_hz: int, rng: np.random.Generator) -> Sound:
    """Noise that rises and brightens, then stops (n,)."""
    count = round(duration_s * rate_hz)
    noise = rng.standard_normal(count + 1).astype(np.float32)
    dull = np.convolve(noise, np.full(24, 1 / 24, np.float32), "same")[:count] * np.float32(3.0)
    up = np.linspace(0.0, 1.0, count, dtype=np.float32)
    return (dull * (1 - up) + np.diff(noise) * up) * up * up * swell(count, 0.0, 0.02)


def room(decay_s: float, rate_hz: int, rng: np.random.Generator) -> Sound:
    """Impulse response of a large room (n, 2): noise whose highs die first; energy 1 a side."""
    t = seconds(2.2 * decay_s, rate_hz)[:, None]
    noise = rng.standard_normal((len(t), 2)).astype(np.float32)
    low = np.cumsum(noise, axis=0)
    low = (low[16:] - low[:-16]) / 4.0
    low = np.concatenate([low, np.zeros((16, 2), np.float32)])
    out = noise * np.exp(-t * (6.9 / (0.35 * decay_s))) * 0.6 + low * np.exp(-t * (6.9 / decay_s))
    out *= swell(len(t), 0.004, 0.3)[:, None]
    return np.asarray(out / np.sqrt(np.sum(out * out, axis=0)), np.float32)


def reverberate(dry: Sound, response: Sound) -> Sound:
    """Convolve a mono sound (n,) with a stereo room (m, 2), in blocks, to (n, 2)."""
    size = 1 << (2 * len(response)).bit_length()
    step = size - len(response) + 1
    spectrum = np.fft.rfft(response, size, axis=0)
    out = np.zeros((len(dry) + size, 2), np.float32)
    for first in range(0, len(dry), step):
        block = dry[first : first + step]
        if block.any():
            wet = np.fft.irfft(np.fft.rfft(block, size)[:, None] * spectrum, size, axis=0)
            out[first : first + size] += wet
    return out[: len(dry)]


def echo(dry: Sound, delay: int, feedback: float) -> Sound:
    """Echoes that go from side to side, `delay` frames apart (n, 2)."""
    out = np.zeros((len(dry), 2), np.float32)
    gain = 1.0
    for turn in range(1, 7):
        gain *= feedback
        late = turn * delay
        out[late:, turn % 2] += np.float32(gain) * dry[: len(dry) - late]
    return out


def limit(sound: Sound, peak: float) -> Sound:
    """Bend what is loud (odd, smooth, slope 1 at 0) so that nothing passes `peak`."""
    return np.asarray(sound / np.sqrt(1.0 + np.square(sound * np.float32(1.0 / peak))))
