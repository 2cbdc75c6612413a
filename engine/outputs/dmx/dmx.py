"""Lamps by Art-Net or sACN: colours of the picture, and parameters, on channels."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import blake2b
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.event import Value
from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.outputs.contract import Picture
from engine.outputs.dmx.fixtures import Colours, Fixture, Grid, grid_for, levels_of
from engine.outputs.dmx.packets import CHANNELS, PORTS, UNIVERSES, Source, artnet, group_of, sacn

IS_ONLY_SEEN = True
MOST_FIXTURES = 256
MOST_UNIVERSES = 64
MOST_HZ = 44.0
"""What DMX512 itself carries of 512 channels."""
ENDINGS = 3
"""How often the end is sent, since packets get lost (E1.31, 6.2.6)."""
MULTICAST = "multicast"


class Parameter(Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter of the show on a channel.

    Parameters
    ----------
    range
        Values at the levels 0 and full; without it, the parameter's own.
    bits
        8, or 16 for two channels, coarse and fine.
    """

    address: str
    universe: int
    channel: int
    range: tuple[float, float] | None = None
    bits: Literal[8, 16] = 8


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may write under ``config``; `port` is the operator's.

    Parameters
    ----------
    protocol, host, port
        ``artnet`` or ``sacn``, and where to: an address, or ``multicast`` (sACN). Beyond this
        machine only if the operator says so. Port 0 is the protocol's.
    fixtures, parameters
        What is on which channels.
    rate_hz
        Packets of a universe in a second, at most 44.
    priority
        Of sACN, 0 to 200.
    blackout
        Whether everything goes dark at the end; else lamps do as they were told for lost signals.
    """

    protocol: Literal["artnet", "sacn"] = "artnet"
    host: str = "127.0.0.1"
    port: int = 0
    fixtures: tuple[Fixture, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    rate_hz: float = 30.0
    priority: int = 100
    blackout: bool = True


@dataclass(slots=True)
class _Lamp:
    fixture: Fixture
    take: Callable[[Grid], Colours]
    places: NDArray[np.intp]  # of the first channel of each pixel, among all levels
    colours: Colours | None = None


@dataclass(slots=True)
class _Levels:
    """Levels of all universes, and who has which channel."""

    protocol: str
    universes: dict[int, int] = field(default_factory=dict)  # number → place
    owners: dict[tuple[int, int], str] = field(default_factory=dict)

    def claim(self, owner: str, universe: int, channel: int, width: int) -> int:
        """Take channels; return the place of the first."""
        for each in range(channel, channel + width):
            if not (universe in UNIVERSES[self.protocol] and 1 <= each <= CHANNELS):
                numbers = UNIVERSES[self.protocol]
                raise ValueError(
                    f"config.{owner}: channel {each} of universe {universe} is none of "
                    f"{self.protocol}: {numbers[0]} to {numbers[-1]}, 1 to {CHANNELS}"
                )
            other = self.owners.setdefault((universe, each), owner)
            if other != owner:
                raise ValueError(
                    f"config.{owner}: channel {each} of universe {universe} is {other}'s"
                )
        place = self.universes.setdefault(universe, len(self.universes))
        if len(self.universes) > MOST_UNIVERSES:
            raise ValueError(f"config: more than {MOST_UNIVERSES} universes")
        return place * CHANNELS + channel - 1


class Lamps:
    """The open output; also told the parameters that it has on channels.

    Attributes
    ----------
    kind
        Empty: it is told every value, wherever it came from.
    dropped
        Packets that could not be sent.
    """

    kind = ""

    def __init__(self, config: Config, fps: Fraction) -> None:
        self._config, self._fps = config, fps
        levels = _Levels(config.protocol)
        self._grid = grid_for(config.fixtures)
        self._lamps = [
            _lamp(levels, number, each, self._grid) for number, each in enumerate(config.fixtures)
        ]
        self._parameters: dict[str, list[tuple[int, Parameter]]] = {}
        for number, each in enumerate(config.parameters):
            owner = f"parameters[{number}]"
            place = levels.claim(owner, each.universe, each.channel, each.bits // 8)
            self._parameters.setdefault(each.address, []).append((place, each))
        self._universes = tuple(levels.universes)
        self._levels = np.zeros(len(self._universes) * CHANNELS, np.uint8)
        self._ranges: dict[str, tuple[float, float]] = {}
        self._frame = -1
        self._sequence = 0
        self.dropped = 0
        name = f"{socket.gethostname()} {os.getpid()} {id(self)}".encode()
        cid = blake2b(name, digest_size=16).digest()
        self._source = Source(cid, b"Latent Cinema", config.priority)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def begin(self, show: Show) -> list[str]:
        """Look up the ranges of its parameters; say which it cannot send."""
        known = show.registry.index
        found = {a: show.registry.parameters[known[a]] for a in self._parameters if a in known}
        self._ranges = {address: (each.low, each.high) for address, each in found.items()}
        words = {address for address, each in found.items() if each.kind is Kind.CHOICE}
        return [
            f"dmx: {a} is {'a word' if a in words else 'no parameter here'}; its channels stay 0"
            for a in self._parameters
            if a in words or a not in found
        ]

    def send(self, address: str, value: Value) -> None:
        """Put a parameter on its channels."""
        for place, each in self._parameters.get(address, ()):
            low, high = each.range or self._ranges.get(address, (0.0, 1.0))
            if isinstance(value, bool | int | float) and low != high:
                share = min(max((float(value) - low) / (high - low), 0.0), 1.0)
                whole = round(share * (2**each.bits - 1))
                self._levels[place : place + each.bits // 8] = list(
                    whole.to_bytes(each.bits // 8, "big")
                )

    def write(self, frame: int, picture: Picture) -> None:
        """Take the picture of a frame, and send what is due."""
        rate = min(self._config.rate_hz, float(self._fps)) / float(self._fps)
        if self._frame >= 0 and int(frame * rate) == int(self._frame * rate):
            return
        past_s = float((frame - self._frame) / self._fps)
        self._frame = frame
        light = picture.light(self._grid) if self._lamps else None
        if light is not None:
            grid = Grid(light)
            for lamp in self._lamps:
                self._light(lamp, grid, past_s)
        self._send()

    def end(self) -> None:
        """Go dark, if that is wished, and say that nothing more will come."""
        if self._config.blackout:
            self._levels[:] = 0
            for _ in range(ENDINGS):
                self._send()
        if self._config.protocol == "sacn":
            for _ in range(ENDINGS):
                self._send(is_last=True)
        self._socket.close()

    def _light(self, lamp: _Lamp, grid: Grid, past_s: float) -> None:
        colours, smoothing_s = lamp.take(grid), lamp.fixture.smoothing_s
        if lamp.colours is not None and smoothing_s > 0.0:
            colours = colours + (lamp.colours - colours) * np.float32(np.exp(-past_s / smoothing_s))
        lamp.colours = colours
        for number, level in enumerate(levels_of(lamp.fixture, colours).T):
            self._levels[lamp.places + number] = level

    def _send(self, is_last: bool = False) -> None:
        config, self._sequence = self._config, self._sequence + 1
        for place, universe in enumerate(self._universes):
            levels = self._levels[place * CHANNELS : (place + 1) * CHANNELS].tobytes()
            if config.protocol == "artnet":
                packet = artnet(universe, self._sequence, levels)
            else:
                packet = sacn(universe, self._sequence, levels, self._source, is_last)
            host = group_of(universe) if config.host == MULTICAST else config.host
            try:
                self._socket.sendto(packet, (host, config.port or PORTS[config.protocol]))
            except OSError:  # no network, nobody there, or the socket's buffer is full
                self.dropped += 1


def _lamp(levels: _Levels, number: int, fixture: Fixture, grid: tuple[int, int]) -> _Lamp:
    owner = f"fixtures[{number}]"
    places = [levels.claim(owner, *place, fixture.width) for place in fixture.channels()]
    return _Lamp(fixture, fixture.seen_in(grid), np.array(places))


def _check(config: Config) -> None:
    if not config.fixtures and not config.parameters:
        raise ValueError("a dmx output without fixtures and parameters: say them under `config`")
    if len(config.fixtures) > MOST_FIXTURES:
        raise ValueError(f"config.fixtures: {MOST_FIXTURES} at most; a strip is one of many pixels")
    if not 1.0 <= config.rate_hz <= MOST_HZ or not 0 <= config.priority <= 200:
        raise ValueError(f"config: rate_hz is 1 to {MOST_HZ:.0f}, priority 0 to 200")
    if config.host == MULTICAST and config.protocol != "sacn":
        raise ValueError("config.host: multicast is of sacn; Art-Net needs an address")
    for number, each in enumerate(config.fixtures):
        try:
            each.check()
        except ValueError as error:
            raise ValueError(f"config.fixtures[{number}].{error}") from None


def _find(host: str) -> str:
    """Look a host up once: a name would be looked up for every packet."""
    try:
        return socket.gethostbyname(host)
    except (OSError, UnicodeError) as error:
        raise OSError(f"cannot send DMX to '{host[:80]}': no such host ({error})") from None


@contextmanager
def open(
    config: Config,
    size_px: tuple[int, int],  # noqa: ARG001 - the contract
    fps: Fraction,
) -> Iterator[Lamps]:
    """Open it; at the end of the block the lamps go dark.

    Raises
    ------
    ValueError
        If a fixture or parameter cannot be where it should be.
    OSError
        If the host is not there.
    """
    _check(config)
    host = config.host if config.host == MULTICAST else _find(config.host)
    lamps = Lamps(replace(config, host=host), fps)
    try:
        yield lamps
    finally:
        lamps.end()
