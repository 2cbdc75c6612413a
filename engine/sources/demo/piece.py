"""Built-in piece of music: 200 seconds in D dorian at 96 beats a minute, made by arithmetic alone.

Five sections of sixteen bars, 40 seconds each, one for each scene of the default show: *Strike* is
drums and silence, *Strata* lies still under a few plucked notes, *Two Minds* is two voices that
answer each other from left and right, *Painted* is everything at once, *Earth* swells like a tide.
A section says its six bars, says them a fourth higher, and begins them again. The end rings out
into the silence that the beginning breaks, so it is played in a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.sources.demo import instruments as play
from engine.sources.demo.instruments import Sound

BEAT_S = 60.0 / 96.0
SECTION = 64  # beats
SECTIONS = ("strike", "strata", "minds", "painted", "earth")
BEATS = SECTION * len(SECTIONS)

_PEAK = 0.85  # -1.4 dBFS
_LAPS = ((0, 0), (24, 5), (48, 0))  # where in a section its phrase begins, and how much higher
_STRIKES = ((0.25, 1.0), (3.5, 0.8), (5.0, 1.0), (9.75, 0.9), (10.5, 0.6), (14.0, 1.0),
            (16.25, 0.85), (17.0, 0.55), (21.5, 1.0))  # fmt: skip
_TOLLS = ((5.0, 38), (14.0, 45), (21.5, 41))
_DRONES = ((0.5, 5.0, 38), (7.5, 5.5, 36), (15.5, 6.0, 41))
_STRINGS = (
    (1.0, 74), (1.75, 69), (2.5, 77), (3.25, 76), (4.0, 81), (4.5, 72), (8.0, 74),
    (8.75, 67), (9.5, 79), (10.25, 71), (11.0, 74), (11.75, 69), (16.0, 83), (16.5, 79),
    (17.25, 74), (18.0, 76), (18.75, 69), (19.5, 65), (20.25, 62),
)  # fmt: skip
_LEFT = (
    (0.0, 1.5, 74), (1.5, 0.5, 76), (2.0, 1.0, 77), (3.0, 1.0, 76), (4.0, 2.5, 79),
    (8.0, 1.0, 72), (9.0, 0.5, 74), (9.5, 0.5, 76), (10.0, 2.0, 74), (13.0, 1.0, 77),
    (14.0, 0.5, 79), (14.5, 1.5, 81), (16.0, 1.0, 79), (17.0, 0.5, 77), (17.5, 0.5, 76),
    (18.0, 1.0, 74), (19.0, 1.0, 71), (20.0, 3.0, 72),
)  # fmt: skip
_RIGHT = (
    (1.0, 1.0, 62), (2.5, 1.5, 57), (4.5, 0.5, 59), (5.0, 1.0, 62), (6.0, 0.5, 64),
    (6.5, 1.5, 67), (8.5, 1.0, 64), (10.5, 0.5, 60), (11.0, 2.0, 67), (13.5, 0.5, 65),
    (14.0, 2.0, 60), (16.5, 0.5, 64), (17.0, 1.5, 59), (18.5, 0.5, 62), (19.0, 1.0, 67),
    (20.5, 2.5, 64),
)  # fmt: skip
_GROUND = ((0.0, 38), (4.0, 43), (8.0, 36), (12.0, 41), (16.0, 40), (20.0, 45))
_CHANGES = (
    (38, (62, 65, 69, 72)),
    (43, (62, 65, 67, 71)),
    (41, (60, 65, 69, 76)),
    (36, (60, 64, 67, 74)),
    (38, (62, 65, 69, 77)),
    (45, (60, 64, 67, 72)),
)
_SWELLS = (
    (0.0, 38, (50, 57, 60, 64, 65)),  # Dm9
    (8.0, 43, (43, 50, 59, 62, 69)),  # G: the major fourth that makes it dorian
    (16.0, 45, (45, 52, 60, 64, 67, 71)),  # Am9
)
_BELLS = ((2.5, 81), (3.5, 79), (10.5, 83), (18.5, 79), (19.5, 76), (20.0, 74))


class Desk:
    """Where sounds are laid down: a dry stereo bus, and mono sends to the room and the echo."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        count = round(BEATS * BEAT_S * rate_hz)
        self.dry = np.zeros((count, 2), np.float32)
        self.to_room = np.zeros(count, np.float32)
        self.to_echo = np.zeros(count, np.float32)

    def lay(
        self,
        beat: float,
        sound: Sound,
        gain: float,
        pan: float = 0.0,
        room: float = 0.0,
        echo: float = 0.0,
    ) -> None:
        """Add a sound at a beat; `pan` from -1 (left) to 1, with equal power."""
        begin = round(beat * BEAT_S * self.rate_hz)
        sound = sound[: len(self.dry) - begin] * np.float32(gain)
        if sound.ndim == 1:
            sides = np.sqrt(np.array([0.5 - 0.5 * pan, 0.5 + 0.5 * pan], np.float32))
            sound = sound[:, None] * sides
        part = slice(begin, begin + len(sound))
        self.dry[part] += sound
        if room or echo:
            mono = sound[:, 0] + sound[:, 1]
            self.to_room[part] += np.float32(room) * mono
            self.to_echo[part] += np.float32(echo) * mono


def compose(seed: int = 1, rate_hz: int = 48_000) -> Sound:
    """Play the piece.

    Parameters
    ----------
    seed
        Of the noise in strings, drums, breath and room, and of small differences of touch.

    Returns
    -------
    ndarray [shape=(200 * rate_hz, 2)]
        Stereo, peak below -1 dBFS, silent at both ends.
    """
    desk = Desk(rate_hz)
    rng = np.random.Generator(np.random.Philox(key=seed))
    for number, part in enumerate((_strike, _strata, _two_minds, _painted, _earth)):
        part(desk, rng, number * SECTION)
    return _mix(desk, rng)


def _laps(phrase: Sequence[tuple[float, ...]], start: int) -> Iterator[tuple[float, ...]]:
    """A section's phrase (beat, …, note) three times, as far as the section goes."""
    for at, higher in _LAPS:
        for beat, *rest, note in phrase:
            if at + beat < SECTION - 2:
                yield start + at + beat, *rest, note + higher


def _strike(desk: Desk, rng: np.random.Generator, start: int) -> None:
    drum = play.kick(1.1, desk.rate_hz, 41.0, 150.0)
    for beat, force, _ in _laps([(*each, 0) for each in _STRIKES], start):
        desk.lay(beat, drum, 0.75 * force, room=0.15 * force)
        slap = play.clap(desk.rate_hz, rng)
        desk.lay(beat, slap, 0.05 * force, rng.uniform(-0.4, 0.4), room=0.7 * force)
    for beat, note in _laps(_TOLLS, start):
        sound = play.bell(note, 5.0, desk.rate_hz, 1.414, 3.5)
        desk.lay(beat, sound, 0.09, room=0.4)
    desk.lay(start + SECTION - 2, play.wind(2.0 * BEAT_S, desk.rate_hz, rng), 0.05, room=0.3)


def _strata(desk: Desk, rng: np.random.Generator, start: int) -> None:
    for beat, beats, note in _laps(_DRONES, start):
        desk.lay(beat, play.drone(note, beats * BEAT_S, desk.rate_hz), 0.075, room=0.08)
    for beat, note in _laps(_STRINGS, start):
        sound = play.pluck(note, 2.2, desk.rate_hz, rng)
        gain = 0.46 * rng.uniform(0.75, 1.0)
        desk.lay(beat, sound, gain, rng.uniform(-0.7, 0.7), room=0.3, echo=0.25)


def _two_minds(desk: Desk, rng: np.random.Generator, start: int) -> None:
    for beat, beats, note in _laps(_LEFT, start):
        sound = play.bell(note, beats * BEAT_S + 1.2, desk.rate_hz, 2.0, 1.8)
        gain = 0.2 * rng.uniform(0.85, 1.0)
        desk.lay(beat + rng.uniform(0.0, 0.02), sound, gain, -0.75, room=0.25, echo=0.25)
    for beat, beats, note in _laps(_RIGHT, start):
        sound = play.reed(note, beats * BEAT_S, desk.rate_hz, rng)
        desk.lay(beat + rng.uniform(0.0, 0.02), sound, 0.15, 0.75, room=0.3)
    for beat, note in _laps(_GROUND, start):
        desk.lay(beat, play.pad(note, 2.6 * BEAT_S, desk.rate_hz, 0.15, 0.15), 0.1)
    for step in range(8):
        drum = play.kick(0.4, desk.rate_hz, 48.0, 110.0)
        desk.lay(start + SECTION - 8 + step, drum, 0.05 * (step + 1))
    desk.lay(start + SECTION - 4, play.wind(4.0 * BEAT_S, desk.rate_hz, rng), 0.16, room=0.25)


def _painted(desk: Desk, rng: np.random.Generator, start: int) -> None:
    for bar in range(15):
        if bar % 4 < 3:  # every fourth bar the last one rings out
            _bar(desk, rng, start + 4 * bar, _CHANGES[bar % len(_CHANGES)])
    _end(desk, rng, start + SECTION - 4)


def _bar(
    desk: Desk, rng: np.random.Generator, beat: float, change: tuple[int, tuple[int, ...]]
) -> None:
    """Play a bar of everything: chord, arpeggio, bass and drums."""
    rate_hz, (root, notes) = desk.rate_hz, change
    drum = play.kick(0.5, rate_hz, 46.0, 190.0)
    for i, note in enumerate(notes):
        sound = play.pad(note, 4.4 * BEAT_S, rate_hz, 0.06, 0.9)
        desk.lay(beat, sound * _duck(len(sound), rate_hz)[:, None], 0.06, room=0.1)
        desk.lay(beat, play.pad(note + 12, 4.2 * BEAT_S, rate_hz, 0.5, 0.6), 0.02, room=0.3)
        tone = play.pluck(note + 12, 0.5, rate_hz, rng)
        for step in range(i, 16, len(notes)):
            desk.lay(beat + step / 4, tone, 0.2, 0.6 * (-1) ** step, room=0.1, echo=0.25)
    low, high = (play.bass(note, 0.24, rate_hz) for note in (root, root + 12))
    for step in range(16):
        if step % 4:  # the drum has the beat
            desk.lay(beat + step / 4, high if step in (6, 11, 15) else low, 0.17)
        loud = 0.3 if step % 4 == 2 else 0.15
        sound = play.hat(0.18 if step == 14 else 0.06, rate_hz, rng)
        desk.lay(beat + step / 4, sound, loud * rng.uniform(0.8, 1.0), 0.25, room=0.03)
    for step in range(4):
        desk.lay(beat + step, drum, 0.85, room=0.02)
        if step % 2:
            desk.lay(beat + step, play.clap(rate_hz, rng), 0.28, -0.1, room=0.3)


def _end(desk: Desk, rng: np.random.Generator, beat: float) -> None:
    desk.lay(beat, play.kick(1.4, desk.rate_hz, 41.0, 150.0), 0.8, room=0.25)
    desk.lay(beat, play.clap(desk.rate_hz, rng), 0.12, room=0.8)
    for note in (50, 57, 64, 65, 72):
        desk.lay(beat, play.bell(note, 2.4, desk.rate_hz, 1.0, 1.2), 0.08, room=0.3)


def _earth(desk: Desk, rng: np.random.Generator, start: int) -> None:
    for at, higher in _LAPS:
        for beat, root, notes in _SWELLS:
            if at + beat >= SECTION - 2:
                continue
            for note in (root, *notes):
                sound = play.pad(note + higher, 6.5 * BEAT_S, desk.rate_hz, 0.5, 0.5)
                desk.lay(start + at + beat, sound, 0.06 if note != root else 0.12, room=0.2)
    for beat, note in _laps(_BELLS, start):
        sound = play.bell(note, 3.5, desk.rate_hz, 3.0, 0.9)
        desk.lay(beat, sound, 0.045, rng.uniform(-0.5, 0.5), room=0.6, echo=0.5)


def _duck(count: int, rate_hz: int) -> Sound:
    """Make room for the drum: down on each beat, back within half of it (n,)."""
    beat = np.arange(count, dtype=np.float32) / np.float32(BEAT_S * rate_hz) % 1.0
    return np.asarray(0.25 + 0.75 * np.minimum(beat / 0.5, 1.0) ** 2)


def _mix(desk: Desk, rng: np.random.Generator) -> Sound:
    late = play.echo(desk.to_echo, round(0.75 * BEAT_S * desk.rate_hz), 0.5)
    wet = play.reverberate(desk.to_room, play.room(2.2, desk.rate_hz, rng))
    out = play.limit(desk.dry + late + wet, _PEAK)
    # The last bar rings out, into the silence that the first one breaks.
    tail = round(2.0 * BEAT_S * desk.rate_hz)
    out[-tail:] *= np.square(np.linspace(1.0, 0.0, tail, dtype=np.float32))[:, None]
    out -= out.mean(axis=0) * play.swell(len(out), 0.01, 0.01)[:, None]
    return out
