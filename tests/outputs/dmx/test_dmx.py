"""Lamps: packets that two libraries read, colours of parts of a picture, parameters, the end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from threading import Thread
from typing import ClassVar

import numpy as np
import pytest
import sacn
from hypothesis import given, settings
from hypothesis import strategies as st
from sacn.messages.data_packet import DataPacket, calculate_multicast_addr
from stupidArtnet import StupidArtnet, StupidArtnetServer

from engine.core.parameter import Kind
from engine.documents.show.plugin_config import read_config
from engine.outputs.dmx import dmx, packets
from engine.outputs.dmx.fixtures import Fixture, Grid, grid_for, levels_of
from engine.outputs.dmx.packets import Source
from engine.sources.dmx.decode import decode
from engine.sources.dmx.universe import Universe
from tests.performing import LIMIT_S, until

SOURCE = Source(bytes(range(16)), b"lamps", 120)
FPS = Fraction(60)


class Picture:
    """A picture whose parts have the light that a function of x and y in 0..1 gives."""

    size_px = (160, 90)
    texture = None

    def __init__(self, colour=lambda x, y: (x, y, 0.0 * x)) -> None:
        self.colour = colour

    def light(self, size_px):
        width, height = size_px
        x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
        return np.stack([c + 0.0 * x for c in self.colour(x, y)], axis=2).astype(np.float32)

    def read(self, format: str) -> np.ndarray:
        raise AssertionError(format)


@contextmanager
def hearing() -> Iterator[tuple[socket.socket, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(LIMIT_S)
        yield heard, heard.getsockname()[1]


# --- packets --------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.integers(1, 63_999),
    st.integers(0, 1000),
    st.binary(min_size=512, max_size=512),
    st.booleans(),
)
def test_sacn_packets_are_the_librarys(
    universe: int, sequence: int, levels: bytes, is_last: bool
) -> None:
    theirs = DataPacket(
        tuple(SOURCE.cid), "lamps", universe, tuple(levels), 120, sequence % 256, is_last
    )
    assert packets.sacn(universe, sequence, levels, SOURCE, is_last) == bytes(theirs.getBytes())
    assert packets.group_of(universe) == calculate_multicast_addr(universe)


def test_artnet_packets_are_the_librarys() -> None:
    for universe in (0, 1, 300, 32_767):
        theirs = StupidArtnet("127.0.0.1")
        theirs.set_simplified(False)
        theirs.set_net(universe >> 8)
        theirs.set_subnet(universe >> 4 & 15)
        theirs.set_universe(universe & 15)
        theirs.sequence = 8
        theirs.make_artdmx_header()
        assert packets.artnet(universe, 7, bytes(512)) == bytes(theirs.packet_header) + bytes(512)
        theirs.close()
    assert {packets.artnet(1, n, bytes(512))[12] for n in range(600)} == set(range(1, 256))


# --- colours --------------------------------------------------------------------------------


def colours(grid=(64, 36), picture=None, **words: object) -> np.ndarray:
    fixture = Fixture(1, 1, **words)  # type: ignore[arg-type]
    fixture.check()
    return fixture.seen_in(grid)(Grid((picture or Picture()).light(grid)))


def test_a_lamp_has_the_mean_of_its_area() -> None:
    assert np.allclose(colours(), [[0.5, 0.5, 0.0]], atol=1e-6)
    assert np.allclose(colours(area=(0.5, 0.0, 1.0, 0.25)), [[0.75, 0.125, 0.0]], atol=1e-6)
    # of parts that belong to it by half, half is taken
    half = colours(
        (4, 2), Picture(lambda x, _: (x > 0.5, x * 0.0, x * 0.0)), area=(0.375, 0.0, 0.625, 1.0)
    )
    assert np.allclose(half, [[0.5, 0.0, 0.0]])
    assert np.allclose(colours(polygon=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))), [[1 / 3, 1 / 3, 0]],
                       atol=0.01)  # fmt: skip
    tiny = colours(polygon=((0.9, 0.9), (0.9001, 0.9), (0.9, 0.9001)))
    assert np.allclose(tiny, [[0.9, 0.9, 0.0]], atol=0.03)


def test_pixels_run_from_the_first_corner() -> None:
    strip = colours(area=(0.0, 0.0, 1.0, 0.1), pixels=(4, 1))
    assert np.allclose(strip[:, 0], [0.125, 0.375, 0.625, 0.875], atol=1e-6)
    back = colours(area=(1.0, 1.0, 0.0, 0.0), pixels=(2, 2))
    assert np.allclose(back[:, :2], [[0.75, 0.75], [0.25, 0.75], [0.75, 0.25], [0.25, 0.25]])
    snake = colours(pixels=(2, 2), is_snake=True)
    assert np.allclose(snake[:, 0], [0.25, 0.75, 0.75, 0.25])
    places = list(Fixture(1, 1, pixels=(171, 1)).channels())
    assert places[169:] == [(1, 508), (2, 1)]  # no pixel lies in two universes


def test_lamps_are_at_least_a_part_of_the_grid() -> None:
    assert grid_for(()) == grid_for((Fixture(1, 1),)) == (32, 18)
    assert grid_for((Fixture(1, 1, pixels=(50, 1)),)) == (50, 18)
    assert grid_for((Fixture(1, 1, area=(0.0, 0.0, 0.5, 0.5), pixels=(50, 90)),)) == (100, 72)


@pytest.mark.parametrize(
    ("mode", "levels"),
    [
        ("rgb", [255, 128, 51]),
        ("grb", [128, 255, 51]),
        ("rgbw", [204, 77, 0, 51]),
        ("dimmer+rgb", [255, 255, 128, 51]),
        ("rgb16", [255, 255, 127, 127, 51, 51]),
        ("dimmer", [149]),
    ],
)
def test_modes(mode: str, levels: list[int]) -> None:
    light = np.array([[1.0, 0.49803922, 0.2]], np.float32)
    found = levels_of(Fixture(1, 1, mode=mode), light)[0].tolist()  # type: ignore[arg-type]
    assert np.allclose(found, levels, atol=1)
    assert levels_of(Fixture(1, 1, mode=mode), light * 0.0).max() == 0  # type: ignore[arg-type]


def test_gamma_is_the_lamps() -> None:
    light = np.array([[0.25, 1.0, 2.0]], np.float32)
    assert levels_of(Fixture(1, 1, gamma=2.0), light).tolist() == [[128, 255, 255]]


# --- the output -----------------------------------------------------------------------------


def config_of(**words: object) -> dmx.Config:
    return read_config(dmx, words)


def test_stupidartnet_hears_the_picture_and_then_dark() -> None:
    heard: list[list[int]] = []
    with hearing() as (_, port):
        pass
    server = StupidArtnetServer.__new__(StupidArtnetServer)  # its own thread can't be waited for
    server.port, server.listen, server.listeners = port, True, []
    listening = Thread(target=server._StupidArtnetServer__init_socket)
    listening.start()
    server.register_listener(2, callback_function=lambda levels: heard.append(levels))
    config = config_of(
        fixtures=[{"universe": 2, "channel": 3, "area": [0.5, 0.0, 1.0, 1.0]}], port=port
    )
    with dmx.open(config, (160, 90), FPS) as lamps:

        def is_heard() -> bool:
            lamps.write(lamps._frame + 2, Picture())
            return bool(heard)

        until(is_heard, "a packet")
    assert np.allclose(heard[0][:6], [0, 0, 191, 128, 0, 0], atol=1)
    until(lambda: not any(heard[-1]), "dark lamps")
    server.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"so that it looks", ("127.0.0.1", port))
    listening.join()
    server.socket_server.close()


def test_sacn_hears_the_picture_and_the_end() -> None:
    with hearing() as (_, port):
        pass
    receiver = sacn.sACNreceiver("127.0.0.1", port)
    levels: list[tuple[int, ...]] = []
    gone: list[str] = []
    receiver.listen_on("universe", universe=1)(lambda packet: levels.append(packet.dmxData[:3]))
    receiver.listen_on("availability")(lambda universe, changed: gone.append(changed))
    receiver.start()
    try:
        config = config_of(
            protocol="sacn", fixtures=[{"universe": 1, "channel": 1}], port=port, blackout=False
        )
        with dmx.open(config, (160, 90), FPS) as lamps:

            def is_heard() -> bool:
                lamps.write(lamps._frame + 2, Picture())
                return bool(levels)

            until(is_heard, "a packet")
        until(lambda: "timeout" in gone, "the end of the stream")
        assert np.allclose(levels[-1], (128, 128, 0), atol=1)
    finally:
        receiver.stop()


def sent(frames: range, picture=None, **words: object) -> list[bytes]:
    """Levels of universe 1 that are sent of some frames, as our own receiver decodes them."""
    with hearing() as (heard, port):
        config = config_of(port=port, **words)
        with dmx.open(config, (160, 90), FPS) as lamps:
            for frame in frames:
                lamps.write(frame, picture or Picture())
            count = lamps._sequence
        assert lamps.dropped == 0
        return [decode(heard.recv(2048)).levels for _ in range(count)]  # type: ignore[union-attr]


def test_packets_are_bounded_in_number_and_colours_are_smoothed() -> None:
    lamp = {"universe": 1, "channel": 1, "smoothing_s": 0.5}
    assert len(sent(range(60), fixtures=[lamp])) == 30
    assert len(sent(range(60), fixtures=[lamp], rate_hz=44.0)) == 44
    turns = iter([0.0] + [1.0] * 20)
    stepped = sent(
        range(0, 42, 2), Picture(lambda x, _: (next(turns),) * 3), fixtures=[lamp]
    )  # fmt: skip
    found = [levels[0] / 255 for levels in stepped]
    assert np.allclose(found, 1.0 - np.exp(-np.arange(21) / 30 / 0.5), atol=0.003)


class Shown:
    """What the output reads of a show."""

    class registry:  # noqa: N801 - as the show has it
        index: ClassVar = {"/master/speed": 0, "/layer/a/mode": 1}
        parameters = (
            type("P", (), {"low": -4.0, "high": 4.0, "kind": Kind.FLOAT}),
            type("P", (), {"low": 0.0, "high": 3.0, "kind": Kind.CHOICE}),
        )


def test_parameters_are_on_channels() -> None:
    with hearing() as (heard, port):
        on = [
            {"address": "/master/speed", "universe": 1, "channel": 10},
            {"address": "/master/speed", "universe": 1, "channel": 20, "range": [1.0, 0.0]},
            {"address": "/master/speed", "universe": 1, "channel": 30, "bits": 16},
            {"address": "/nowhere", "universe": 1, "channel": 40},
            {"address": "/layer/a/mode", "universe": 1, "channel": 41},
        ]
        with dmx.open(config_of(parameters=on, port=port), (160, 90), FPS) as lamps:
            told = lamps.begin(Shown)  # type: ignore[arg-type]
            assert told == [
                "dmx: /nowhere is no parameter here; its channels stay 0",
                "dmx: /layer/a/mode is a word; its channels stay 0",
            ]
            lamps.send("/master/speed", 0.5)
            lamps.send("/layer/a/mode", "word")
            lamps.send("/else", 1.0)
            lamps.write(0, Picture())
        levels = decode(heard.recv(2048)).levels  # type: ignore[union-attr]
    whole = round(4.5 / 8 * 65_535)
    assert [levels[9], levels[19], levels[29], levels[30]] == [143, 128, whole >> 8, whole & 255]
    assert sum(map(bool, levels)) == 4


RGB = {"universe": 1, "channel": 1}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "without fixtures and parameters"),
        ({"fixtures": [{**RGB, "channel": 511}]}, "fixtures.0..channel: 511 leaves no room for 3"),
        ({"fixtures": [RGB, {**RGB, "channel": 3}]}, "channel 3 of universe 1 is fixtures.0.'s"),
        ({"fixtures": [{**RGB, "universe": 40_000}]}, "universe 40000 is none of artnet"),
        ({"fixtures": [{**RGB, "universe": 0}], "protocol": "sacn"}, "none of sacn: 1 to 63999"),
        ({"fixtures": [{**RGB, "area": [0, 0, 0, 1]}]}, "numbers from 0 to 1"),
        ({"fixtures": [{**RGB, "area": [0, 0, 1, 2]}]}, "numbers from 0 to 1"),
        ({"fixtures": [{**RGB, "polygon": [[0, 0], [1, 1]]}]}, "3 to 64 corners"),
        ({"fixtures": [{**RGB, "pixels": [0, 5]}]}, "columns and rows"),
        ({"fixtures": [{**RGB, "pixels": [100_000, 5]}]}, "columns and rows"),
        ({"fixtures": [{**RGB, "pixels": [10_000, 1], "mode": "rgbw"}]}, "more than 64 universes"),
        ({"fixtures": [{**RGB, "gamma": 0.0}]}, "from 0.2 to 5"),
        ({"fixtures": [{**RGB, "colour": 1}]}, "unknown field `colour`"),
        ({"fixtures": [{**RGB, "mode": "cmy"}]}, "invalid enum value 'cmy'"),
        ({"fixtures": [RGB] * 300}, "256 at most"),
        ({"fixtures": [RGB], "rate_hz": 60.0}, "1 to 44"),
        ({"fixtures": [RGB], "host": "multicast"}, "multicast is of sacn"),
        ({"fixtures": [RGB], "host": "no.such.host.invalid"}, "no such host"),
    ],
)
def test_what_cannot_be_is_one_sentence(words: dict[str, object], why: str) -> None:
    with (
        pytest.raises((ValueError, OSError), match=why),
        dmx.open(config_of(**words), (160, 90), FPS),
    ):
        pass


def test_our_own_receiver_follows_the_output() -> None:
    universe, levels = Universe(1), np.random.default_rng(1).integers(0, 256, (40, 512), np.uint8)
    for number, each in enumerate(levels):
        packet = decode(packets.sacn(1, number + 240, each.tobytes(), SOURCE))
        assert universe.take(packet, "here", 0) == ""  # type: ignore[arg-type]
        assert np.array_equal(universe.levels, each)
