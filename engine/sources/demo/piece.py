"""Built-in piece of music: 75 seconds in D dorian at 96 beats a minute, made by arithmetic alone.

Five sections of six bars, one for each scene of the default show: *Breath* swells, *Strata* lies
still under a few plucked notes, *Strike* is silence and drums, *Two Minds* is two voices that
answer each other from left and right, *Wall* is everything at once. The end rings out into the
silence that the beginning grows from, so it may be played in a loop.
"""

from __future__ import annotations

import numpy as np

from engine.sources.demo import instruments as play
from engine.sources.demo.instruments import Sound

BEAT_S = 60.0 / 96.0
BEATS = 120

_PEAK = 0.85  # -1.4 dBFS
_SWELLS = (
    (0.0, 9, (50, 57, 60, 64, 65)),  # Dm9
    (8.0, 9, (43, 50, 59, 62, 69)),  # G: the major fourth that makes it dorian
    (16.0, 11, (45, 52, 60, 64, 67, 71)),  # Am9
)
_STRINGS = (
    (25.0, 74), (25.75, 69), (26.5, 77), (29.0, 76), (30.5, 81), (31.25, 72), (33.0, 74),
    (33.75, 67), (34.5, 79), (36.0, 71), (37.5, 74), (38.25, 69), (40.5, 83), (41.0, 79),
    (41.75, 74), (43.0, 76), (44.5, 69), (45.25, 65), (46.0, 62),
)  # fmt: skip
_STRIKES = ((48.0, 1.0), (51.5, 0.8), (53.0, 1.0), (57.75, 0.9), (58.5, 0.6), (62.0, 1.0),
            (64.25, 0.85), (65.0, 0.55), (69.5, 1.0))  # fmt: skip
_TOLLS = ((53.0, 38), (62.0, 45), (69.5, 41))
_LEFT = (
    (72.0, 1.5, 74), (73.5, 0.5, 76), (74.0, 1.0, 77), (75.0, 1.0, 76), (76.0, 2.5, 79),
    (80.0, 1.0, 72), (81.0, 0.5, 74), (81.5, 0.5, 76), (82.0, 2.0, 74), (85.0, 1.0, 77),
    (86.0, 0.5, 79), (86.5, 1.5, 81), (88.0, 1.0, 79), (89.0, 0.5, 77), (89.5, 0.5, 76),
    (90.0, 1.0, 74), (91.0, 1.0, 71), (92.0, 3.0, 72),
)  # fmt: skip
_RIGHT = (
    (73.0, 1.0, 62), (74.5, 1.5, 57), (76.5, 0.5, 59), (77.0, 1.0, 62), (78.0, 0.5, 64),
    (78.5, 1.5, 67), (80.5, 1.0, 64), (82.5, 0.5, 60), (83.0, 2.0, 67), (85.5, 0.5, 65),
    (86.0, 2.0, 60), (88.5, 0.5, 64), (89.0, 1.5, 59), (90.5, 0.5, 62), (91.0, 1.0, 67),
    (92.5, 2.5, 64),
)  # fmt: skip
_GROUND = ((72.0, 38), (76.0, 43), (80, 36), (84, 41), (88, 40), (92, 45))
_CHANGES = (
    (96, 38, (62, 65, 69, 72)),
    (100, 43, (62, 65, 67, 71)),
    (104, 41, (60, 65, 69, 76)),
    (108, 36, (60, 64, 67, 74)),
    (112, 38, (62, 65, 69, 77)),
)
_LAST = 116


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
    rate_hz
        Sample rate.

    Returns
    -------
    ndarray [shape=(75 * rate_hz, 2)]
        Stereo, peak below -1 dBFS, silent at both ends.
    """
    desk = Desk(rate_hz)
    rng = np.random.Generator(np.random.Philox(key=seed))
    for part in (_breath, _strata, _strike, _two_minds, _wall):
        part(desk, rng)
    return _mix(desk, rng)


def _breath(desk: Desk, rng: np.random.Generator) -> None:
    for beat, beats, notes in _SWELLS:
        for i, note in enumerate(notes):
            sound = play.pad(note, beats * BEAT_S, desk.rate_hz, 0.5, 0.5)
            desk.lay(beat, sound, 0.045 if i else 0.055, room=0.25)
    for beat, note in ((6.0, 81), (14.0, 83), (19.0, 79), (21.0, 76), (22.5, 74)):
        sound = play.bell(note, 3.5, desk.rate_hz, 3.0, 0.9)
        desk.lay(beat, sound, 0.045, rng.uniform(-0.5, 0.5), room=0.6, echo=0.5)


def _strata(desk: Desk, rng: np.random.Generator) -> None:
    for beat, beats, note in ((22.0, 12, 38), (31.0, 11, 36), (39.0, 9, 38)):
        desk.lay(beat, play.drone(note, beats * BEAT_S, desk.rate_hz), 0.075, room=0.08)
    for beat, note in _STRINGS:
        sound = play.pluck(note, 2.2, desk.rate_hz, rng)
        gain = 0.46 * rng.uniform(0.75, 1.0)
        desk.lay(beat, sound, gain, rng.uniform(-0.7, 0.7), room=0.3, echo=0.4)


def _strike(desk: Desk, rng: np.random.Generator) -> None:
    drum = play.kick(1.1, desk.rate_hz, 41.0, 150.0)
    for beat, force in _STRIKES:
        desk.lay(beat, drum, 0.75 * force, room=0.15 * force)
        slap = play.clap(desk.rate_hz, rng)
        desk.lay(beat, slap, 0.05 * force, rng.uniform(-0.4, 0.4), room=0.7 * force)
    for beat, note in _TOLLS:
        sound = play.bell(note, 5.0, desk.rate_hz, 1.414, 3.5)
        desk.lay(beat, sound, 0.09, room=0.4)
    desk.lay(70.0, play.wind(2.0 * BEAT_S, desk.rate_hz, rng), 0.05, room=0.3)


def _two_minds(desk: Desk, rng: np.random.Generator) -> None:
    for beat, beats, note in _LEFT:
        sound = play.bell(note, beats * BEAT_S + 1.2, desk.rate_hz, 2.0, 1.8)
        gain = 0.2 * rng.uniform(0.85, 1.0)
        desk.lay(beat + rng.uniform(0.0, 0.02), sound, gain, -0.75, room=0.25, echo=0.25)
    for beat, beats, note in _RIGHT:
        sound = play.reed(note, beats * BEAT_S, desk.rate_hz, rng)
        desk.lay(beat + rng.uniform(0.0, 0.02), sound, 0.15, 0.75, room=0.3)
    for beat, note in _GROUND:
        desk.lay(beat, play.pad(note, 4.6 * BEAT_S, desk.rate_hz, 0.15, 0.15), 0.1)
    for step in range(8):
        drum = play.kick(0.4, desk.rate_hz, 48.0, 110.0)
        desk.lay(88 + step, drum, 0.05 * (step + 1))
    desk.lay(92, play.wind(4.0 * BEAT_S, desk.rate_hz, rng), 0.16, room=0.25)


def _wall(desk: Desk, rng: np.random.Generator) -> None:
    rate_hz = desk.rate_hz
    drum = play.kick(0.5, rate_hz, 46.0, 190.0)
    for beat, root, notes in _CHANGES:
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
            length_s = 0.18 if step == 14 else 0.06
            sound = play.hat(length_s, rate_hz, rng)
            desk.lay(beat + step / 4, sound, loud * rng.uniform(0.8, 1.0), 0.25, room=0.03)
        for step in range(4):
            desk.lay(beat + step, drum, 0.85, room=0.02)
            if step % 2:
                desk.lay(beat + step, play.clap(rate_hz, rng), 0.28, -0.1, room=0.3)
    _end(desk, rng)


def _end(desk: Desk, rng: np.random.Generator) -> None:
    desk.lay(_LAST, play.kick(1.4, desk.rate_hz, 41.0, 150.0), 0.8, room=0.25)
    desk.lay(_LAST, play.clap(desk.rate_hz, rng), 0.12, room=0.8)
    for note in (50, 57, 64, 65, 72):
        desk.lay(_LAST, play.bell(note, 2.4, desk.rate_hz, 1.0, 1.2), 0.08, room=0.3)


def _duck(count: int, rate_hz: int) -> Sound:
    """Make room for the drum: down on each beat, back within half of it (n,)."""
    beat = np.arange(count, dtype=np.float32) / np.float32(BEAT_S * rate_hz) % 1.0
    return np.asarray(0.25 + 0.75 * np.minimum(beat / 0.5, 1.0) ** 2)


def _mix(desk: Desk, rng: np.random.Generator) -> Sound:
    late = play.echo(desk.to_echo, round(0.75 * BEAT_S * desk.rate_hz), 0.5)
    wet = play.reverberate(desk.to_room, play.room(2.2, desk.rate_hz, rng))
    out = play.limit(desk.dry + late + wet, _PEAK)
    # The last bar rings out, into the silence that the first one grows from.
    tail = round(2.0 * BEAT_S * desk.rate_hz)
    out[-tail:] *= np.square(np.linspace(1.0, 0.0, tail, dtype=np.float32))[:, None]
    out -= out.mean(axis=0) * play.swell(len(out), 0.01, 0.01)[:, None]
    return out
