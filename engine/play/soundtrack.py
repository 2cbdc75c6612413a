"""Audio features of a sound file as events by tick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from engine.core.audio.channels import ChannelChoice
from engine.core.audio.features import ADDRESS
from engine.core.event import Event
from engine.documents.schema import ShowTable
from engine.documents.show.plugin_config import read_config
from engine.sources.audio import audio
from engine.sources.audio import file as tracks


def channel_choice(table: ShowTable, channel: int | None, gain_db: float | None) -> ChannelChoice:
    """Say what of a sound file is heard: as given, else as the show's source ``audio`` says.

    Raises
    ------
    ValueError
        If they make no sense.
    """
    said = next((dict(each.config) for each in table.sources if each.kind == "audio"), {})
    config = read_config(audio, said)
    return ChannelChoice(
        config.channel if channel is None else channel,
        config.gain_db if gain_db is None else gain_db,
    )


class SoundtrackEvents(Mapping[int, Sequence[Event]]):
    """What is heard in a track, as events by tick; worked out when a tick comes.

    Equal to `engine.sources.audio.file.events`, without the hundred milliseconds that listing them
    all would take in the middle of a show.
    """

    def __init__(
        self, features: tracks.Features, control_hz: Fraction, is_looping: bool = False
    ) -> None:
        self._rows = features.rows
        self._is_looping = is_looping
        self._rows_per_tick = Fraction(features.rate_hz, features.hop) / control_hz

    def __getitem__(self, tick: int) -> Sequence[Event]:
        # Row k is complete at (k + 1) hops: the first tick that is not before that takes it.
        first = max((tick - 1) * self._rows_per_tick // 1, 0)
        last = tick * self._rows_per_tick // 1
        count = len(self._rows)
        if not self._is_looping:
            last = min(last, count)
        return [
            Event(tick, ADDRESS, tuple(self._rows[k % count].tolist()), "track", k)
            for k in range(first, last)
        ]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return -(-len(self._rows) // self._rows_per_tick) + 1
