"""Playback of a show with a soundtrack, or of a take, as one source of ticks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from engine.core.audio.channels import ChannelChoice
from engine.core.clock import newest_index, parse_rate, seconds_at
from engine.core.event import Event
from engine.core.show.constants import SOUND
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.path.journal import problems
from engine.documents.show import load
from engine.documents.take.find_models import CURE, find
from engine.documents.take.losses import cut_off, losses
from engine.documents.take.reader import Take, TakeError, open_take
from engine.outputs.contract import Sound
from engine.play.line import Line, first_step, seeded
from engine.play.soundtrack import SoundtrackEvents, channel_choice
from engine.play.tasks.even_speed_film import Evened
from engine.sources.audio import file as tracks


@dataclass(frozen=True, slots=True)
class Playback:
    """A source of ticks.

    Parameters
    ----------
    is_take
        Whether it was recorded; otherwise it is a show.
    start_s, end_s
        Show time of its first and last moment; the end is None for a show without a sound track or
        a `[track]`.
    line_at
        Make a line whose next tick is not later than a show time.
    events_of
        Events by tick.
    sound
        Read by its place in show time, or None.
    places
        Recorded paths of a take's models, and where they lie now.
    """

    is_take: bool
    start_s: Fraction
    end_s: Fraction | None
    size_px: tuple[int, int]
    fps: Fraction
    history_s: float
    line_at: Callable[[Fraction], Line]
    events_of: Callable[[int], Sequence[Event]]
    sound: Sound | None
    places: Mapping[str, str] = field(default_factory=dict)


class _Shows(Mapping[str, Show]):
    """The shows of a take, built when they are asked for."""

    def __init__(self, take: Take) -> None:
        self._take = take

    def __getitem__(self, name: str) -> Show:
        return self._take.show(name)

    def __iter__(self):  # type: ignore[no-untyped-def]  # never listed
        return iter(())

    def __len__(self) -> int:
        return 0


def is_take(name: str) -> bool:
    """Whether a name is that of a take's folder."""
    return Path(name).is_dir()


def open_playback(
    name: str,
    audio: Path | None = None,
    seed: int | None = None,
    music: bool = False,
    choice: tuple[int | None, float | None] = (None, None),
    folders: Sequence[Path] = (),
    is_partial: bool = False,
) -> Playback:
    """Open a show (with a track) or a take.

    Parameters
    ----------
    choice
        Which channel of the sound is heard, and its gain in dB; None leaves it to the show.
    folders
        Where the models of a take may lie, too.
    is_partial
        Play also a take that has lost its end or sound.

    Raises
    ------
    ShowError, TakeError, ValueError, OSError
        With one sentence, if it cannot be played.
    """
    if is_take(name):
        if audio is not None or music or choice != (None, None):
            raise ValueError(f"{name}: a take brings its own sound; leave --audio… and --demo out")
        take = open_take(Path(name))
        tell_losses(take, is_partial)
        return _from_take(with_models(take, folders))
    loaded = load.load(name)
    for text in problems(loaded.show):
        print(text, file=sys.stderr)
    track = load_track(audio, music, channel_choice(loaded.table, *choice))
    return _from_show(loaded, track, seed)


def tell_losses(take: Take, is_partial: bool) -> None:
    """Say what a take has lost.

    Raises
    ------
    TakeError
        If that was not asked for.
    """
    lost = "; ".join(losses(take))
    if lost and not is_partial:
        raise TakeError(f"{take.folder}: {lost}; --partial takes what is there")
    if said := lost or cut_off(take):
        print(f"{take.folder}: {said}", file=sys.stderr)


def with_models(take: Take, folders: Sequence[Path]) -> Take:
    """A take that plays the models that were found, and says which lie elsewhere now.

    Raises
    ------
    TakeError
        If one is another now, or is gone.
    """
    places = find(take.folder, take.header.get("models", []), folders, CURE)
    for recorded, place in places.items():
        print(f"{recorded}: the same file is taken from {place}", file=sys.stderr)
    return replace(take, places=tuple(places.items()))


def load_track(audio: Path | None, music: bool, choice: ChannelChoice) -> tracks.Track | None:
    """Decode the sound file, of which `choice` is heard, or compose the built-in piece."""
    if audio is not None:
        return tracks.load(audio, choice=choice)
    if music:
        from engine.sources.demo.piece import compose

        return tracks.Track(compose(), 48000)
    return None


def skip(line: Line, seconds: Fraction, events_of: Callable[[int], Sequence[Event]]) -> Line:
    """Let a line go on to the tick before a show time, with no step of the histories taken."""
    for tick in range(line.state.tick + 1, newest_index(seconds, line.show.control_hz)):
        line.tick(tick, events_of(tick))
    line.step = first_step(line.show, line.state)
    return line


def _from_show(loaded: load.Loaded, track: tracks.Track | None, seed: int | None) -> Playback:
    show = seeded(loaded.show, seed)
    heard: Mapping[int, Sequence[Event]] = {}
    if track is not None:
        heard = SoundtrackEvents(tracks.features_ahead(track), show.control_hz)

    def heard_at(tick: int) -> Sequence[Event]:
        """Events of the track; shaders see its sound up to the tick, as they do live."""
        if show.constants.sound < 0:
            return heard.get(tick, ())
        until_s = float(seconds_at(tick, show.control_hz))
        return (*heard.get(tick, ()), Event(tick, f"/signal/{SOUND}", until_s, "sound", 0))

    evened = Evened(heard_at)
    events_of = evened.events_of

    sound, end_s = None, None
    if show.track is not None and not show.track.frames.is_loop:
        fps = Fraction(show.track.frames.fps).limit_denominator(100_000)
        end_s = len(show.track.motion_s) / fps
    if track is not None:
        pcm = track.pcm
        end_s = Fraction(len(pcm), track.rate_hz)
        sound = Sound(track.rate_hz, pcm.shape[1], lambda start, n: pcm[start : start + n])
    return Playback(
        is_take=False,
        start_s=Fraction(0),
        end_s=end_s,
        size_px=show.size_px,
        fps=parse_rate(loaded.table.output.fps),
        history_s=show.history_s,
        line_at=lambda seconds: skip(
            evened.follow(Line(show, first_state(show), -1, {})), seconds, events_of
        ),
        events_of=events_of,
        sound=sound,
    )


def _from_take(take: Take) -> Playback:
    show, _ = take.state_before(take.parts[0])
    rate = take.rate

    def line_at(seconds: Fraction) -> Line:
        tick = max(newest_index(seconds, rate), take.parts[0])
        found, state = take.state_before(tick)
        line = Line(found, state, first_step(found, state), _Shows(take))
        return skip(line, seconds_at(tick, rate), take.events_of)

    header = take.header.get("sound")
    return Playback(
        is_take=True,
        start_s=seconds_at(take.parts[0], rate),
        end_s=seconds_at(take.last_tick + 1, rate),
        size_px=take.size_px or show.size_px,
        fps=parse_rate(take.header.get("fps", 60)),
        history_s=show.history_s,
        line_at=line_at,
        events_of=take.events_of,
        sound=Sound(header["rate_hz"], header["channels"], take.sound)
        if header and take.has_sound
        else None,
        places=dict(take.places),
    )
