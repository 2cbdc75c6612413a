"""Lighting desks: the packets and senders of two libraries as oracles, real sockets, merging."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import sacn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sacn.messages.data_packet import DataPacket
from sacn.messages.sync_packet import SyncPacket
from sacn.messages.universe_discovery import UniverseDiscoveryPacket
from sacn.sending import sender_socket_udp
from stupidArtnet import StupidArtnet

from engine.sources.dmx import dmx, listeners
from engine.sources.dmx.decode import ARTNET, SACN, Packet, decode
from engine.sources.dmx.dmx import Config, Receiver
from engine.sources.dmx.universe import Universe
from tests.performing import until

# A loaded machine is no failure: hypothesis must not judge by the clock.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DESK, OTHER, THIRD = "10.0.0.2", "10.0.0.3", "10.0.0.4"
SECOND = 1_000_000_000


def artnet(universe: int, levels: bytes) -> bytes:
    """An ArtDmx packet of stupidArtnet."""
    with closing(StupidArtnet("127.0.0.1", packet_size=len(levels))) as sender:
        sender.set_simplified(False)
        sender.set_net(universe >> 8)
        sender.set_subnet(universe >> 4 & 15)
        sender.set_universe(universe & 15)
        return bytes(sender.packet_header) + levels


def sacn_packet(universe: int = 1, levels: bytes = b"", cid: int = 1, **words: object) -> bytes:
    """A data packet of the sacn library."""
    return bytes(
        DataPacket((cid,) * 16, "desk", universe, tuple(levels), **words).getBytes()  # type: ignore[arg-type]
    )


# --- packets --------------------------------------------------------------------------------


@unhurried
@given(st.integers(0, 32_767), st.binary(min_size=2, max_size=512).filter(lambda b: not len(b) % 2))
def test_packets_of_stupidartnet_are_read(universe: int, levels: bytes) -> None:
    assert decode(artnet(universe, levels)) == Packet(
        ARTNET, universe, b"", None, 100, False, levels
    )


@unhurried
@given(
    st.integers(1, 63_999),
    st.binary(min_size=512, max_size=512),
    st.integers(0, 200),
    st.integers(0, 255),
    st.booleans(),
)
def test_packets_of_sacn_are_read(
    universe: int, levels: bytes, priority: int, sequence: int, is_last: bool
) -> None:
    data = sacn_packet(
        universe, levels, 7, priority=priority, sequence=sequence, streamTerminated=is_last
    )
    assert decode(data) == Packet(SACN, universe, b"\7" * 16, sequence, priority, is_last, levels)


def test_what_is_no_level_is_left_out() -> None:
    assert decode(bytes(SyncPacket((1,) * 16, 1, 0).getBytes())) == ""
    assert decode(bytes(UniverseDiscoveryPacket((1,) * 16, "desk", (1, 2)).getBytes())) == ""
    assert decode(sacn_packet(previewData=True)) == ""
    assert decode(b"Art-Net\0\x00\x20\0\x0e\0\0") == ""  # ArtPoll
    told = decode(sacn_packet(dmxStartCode=0xDD))
    assert isinstance(told, str)
    assert "start code 0xdd" in told


GOOD = [artnet(1, bytes(range(250))), sacn_packet(1, bytes(range(256)))]


@unhurried
@given(st.binary(max_size=700))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(decode(data), str)
    for good in GOOD:
        decode(good[:12] + data)


@unhurried
@given(st.data(), st.sampled_from(GOOD))
def test_no_change_of_a_packet_raises(draw: st.DataObject, good: bytes) -> None:
    cut = draw.draw(st.integers(0, len(good)))
    damaged = bytearray(good[:cut])
    for _ in range(draw.draw(st.integers(0, 4)) if cut else 0):
        damaged[draw.draw(st.integers(0, cut - 1))] = draw.draw(st.integers(0, 255))
    found = decode(bytes(damaged))
    if isinstance(found, Packet):
        assert len(found.levels) <= 512
        assert Universe(1).take(found, DESK, 0) == ""


# --- senders --------------------------------------------------------------------------------


class Desk:
    """A universe, and what it is told."""

    def __init__(self, **words: object) -> None:
        self.universe = Universe(1, **words)  # type: ignore[arg-type]
        self.now_ns = 0

    def __call__(self, levels: list[int], address: str = DESK, **words: object) -> str:
        """Take a packet: Art-Net, or sACN where it says how."""
        packet = Packet(ARTNET, 1, b"", None, 100, False, bytes(levels))._replace(**words)  # type: ignore[arg-type]
        return self.universe.take(packet, address, self.now_ns)

    def levels(self, count: int = 3) -> list[int]:
        """What counts."""
        return self.universe.levels[:count].tolist()


def test_the_highest_of_two_counts_and_the_last_levels_stay() -> None:
    desk = Desk()
    assert desk.levels() == [-1, -1, -1]
    desk([1, 200])
    desk([100, 2, 3], OTHER)
    assert desk.levels() == [100, 200, 3]
    assert "one sender too many: 2" in desk([255, 255, 255], THIRD)
    desk.now_ns = 6 * SECOND
    desk([1, 200])
    desk.now_ns = 11 * SECOND  # the other has been silent for more than ten seconds
    desk([2, 200])
    assert desk.levels() == [2, 200, 3]  # nobody says anything of channel 3 now
    desk.universe.tend(22 * SECOND)
    assert desk.universe.is_lost
    assert desk.levels() == [2, 200, 3]
    desk([0, 0, 0], THIRD)
    assert not desk.universe.is_lost
    assert desk.levels() == [0, 0, 0]


def test_the_latest_change_counts() -> None:
    desk = Desk(is_latest=True)
    desk([10, 20, 30])
    desk([0, 0, 0], OTHER)  # who joins changes nothing before it moves something
    assert desk.levels() == [10, 20, 30]
    desk([5, 0, 0], OTHER)
    assert desk.levels() == [5, 20, 30]
    desk([10, 20, 30])
    assert desk.levels() == [5, 20, 30]
    desk([10, 20, 31])
    assert desk.levels() == [5, 20, 31]


@pytest.mark.parametrize("is_latest", [False, True])
def test_the_higher_priority_counts_until_its_stream_ends(is_latest: bool) -> None:
    desk = Desk(is_latest=is_latest)
    high = {"protocol": SACN, "source": b"high", "priority": 150}
    desk([200, 200, 200])
    desk([1, 2, 3], **high)
    desk([210, 200, 200])
    assert desk.levels() == [1, 2, 3]
    desk([], **high, is_last=True)
    assert desk.levels() == [210, 200, 200]
    desk([1, 2, 3], **high)
    desk.now_ns = 2 * SECOND
    desk([210, 200, 200])
    desk.now_ns = 3 * SECOND  # silent for more than 2.5 seconds
    desk([210, 200, 200])
    assert desk.levels() == [210, 200, 200]


def test_late_packets_are_left_out_per_sender() -> None:
    desk = Desk()
    one = {"protocol": SACN, "source": b"one"}
    for sequence, level in ((250, 1), (255, 2), (1, 3)):
        assert desk([level], **one, sequence=sequence) == ""
    assert "late or twice" in desk([9], **one, sequence=1)
    assert "late or twice" in desk([9], **one, sequence=240)  # seventeen before
    assert desk.levels(1) == [3]
    assert desk([4], protocol=SACN, source=b"two", sequence=1) == ""  # its own count
    assert desk([5], **one, sequence=100) == ""  # more than twenty before: it began anew
    assert desk([6], sequence=None) == desk([7], sequence=None) == ""


def test_only_news_are_told_in_turns() -> None:
    desk = Desk(pairs=(5,))
    desk([255, 0, 51, 0, 1, 2, 3])
    news = dict(desk.universe.news(512))
    assert list(news) == ["1", "2", "3", "4", "5+6", "7"]
    assert news["1"] == 1.0
    assert news["3"] == 0.2
    assert news["5+6"] == (256 + 2) / 65_535
    assert not list(desk.universe.news(512))
    desk([255, 0, 51, 9, 1, 3, 3])
    assert [name for name, _ in desk.universe.news(512)] == ["4", "5+6"]
    told = [0] * 512
    for turn in range(1, 300):
        desk([turn % 256] * 512)
        for name, _ in desk.universe.news(7):
            told[int(name.partition("+")[0]) - 1] += 1
    assert max(told) - min(told[:5] + told[6:]) <= 1  # a flood starves no channel
    assert len(list(desk.universe.news(512))) == 504  # the seven before are told
    assert desk.universe.levels[0] == 299 % 256


# --- sockets --------------------------------------------------------------------------------


@contextmanager
def opened(**words: object) -> Iterator[Receiver]:
    """A receiver on free ports, at time 1."""
    config = Config(artnet_port=0, sacn_port=0, **words)  # type: ignore[arg-type]
    with dmx.open(config, lambda: 1) as receiver:
        yield receiver


@contextmanager
def sending(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        yield sender


def test_a_desk_with_stupidartnet_moves_controls() -> None:
    with opened(universes=(0, 1)) as receiver:
        artnet_port, _ = receiver.ports
        with closing(StupidArtnet("127.0.0.1", 1, 4, port=artnet_port)) as desk:
            desk.set_single_value(2, 255)
            desk.show()
            found = until(lambda: receiver.moved(256), "an Art-Net packet")
            assert {each[2:] for each in found} == {
                ("dmx/1/1", 0.0), ("dmx/1/2", 1.0), ("dmx/1/3", 0.0), ("dmx/1/4", 0.0)
            }  # fmt: skip
            assert {each[:2] for each in found} == {(1, "dmx")}
            desk.set_single_value(4, 51)
            desk.show()
            found = until(lambda: receiver.moved(256), "the next packet")
            assert [each[2:] for each in found] == [("dmx/1/4", 0.2)]
        assert receiver.received == 2
        assert receiver.refused == 0
        assert not receiver.poll(256)


def test_a_desk_with_sacn_moves_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(pairs=("1/1+2",), universes=(1,)) as receiver:
        monkeypatch.setattr(sender_socket_udp, "DEFAULT_PORT", receiver.ports[1])
        desk = sacn.sACNsender(bind_address="127.0.0.1", bind_port=0, universeDiscovery=False)
        desk.start()
        try:
            desk.activate_output(1)
            desk[1].destination = "127.0.0.1"
            desk[1].dmx_data = (128, 7, 255)
            found: dict[str, float] = {}

            def values() -> bool:
                found.update({each.control: each.value for each in receiver.moved(1024)})
                return found.get("dmx/1/3") == 1.0

            until(values, "the levels")
            assert found["dmx/1/1+2"] == (128 * 256 + 7) / 65_535
            assert "dmx/1/1" not in found
        finally:
            desk.stop()


def test_a_flood_is_read_in_portions_and_told_in_portions() -> None:
    with opened(universes=(1,)) as receiver, sending(receiver.ports[0]) as sender:
        for level in range(200):
            sender.send(artnet(1, bytes([level] * 512)))
        assert len(receiver.moved(100)) == 100
        assert receiver.received <= dmx.MOST_PACKETS
        found = {}
        until(
            lambda: (
                found.update({m.control: m.value for m in receiver.moved(100)})
                or (len(found) == 512 and set(found.values()) == {199 / 255})
            ),
            "the newest levels",
        )


def test_what_is_left_out_is_said_once() -> None:
    with opened(universes=(3,)) as receiver, sending(receiver.ports[1]) as sender:
        for _ in range(3):
            sender.send(sacn_packet(1, b"\1"))
            sender.send(b"no desk")
        until(lambda: receiver.moved(9) or receiver.received == 6, "six packets")
        assert receiver.refused == 6
        assert receiver.refusals() == [
            ("", "universe 1 is not in `universes`: 3 are heard"),
            ("", "this is neither Art-Net nor sACN"),
        ]
        assert receiver.refusals() == []


def test_only_those_on_the_list_may_send() -> None:
    with opened(allow=("10.0.0.0/8",)) as receiver, sending(receiver.ports[0]) as sender:
        for _ in range(2):
            sender.send(artnet(1, b"\1\1"))
        until(lambda: receiver.moved(9) or receiver.received == 2, "two packets")
        assert receiver.refused == 2
        assert receiver.refusals() == [("", "127.0.0.1 is not on the list of senders: turned away")]
    with opened(allow=("127.0.0.1",)) as receiver, sending(receiver.ports[0]) as sender:
        sender.send(artnet(1, b"\1\1"))
        assert len(until(lambda: receiver.moved(9), "a packet")) == 2


def test_a_lost_desk_is_said() -> None:
    now = [0]
    with dmx.open(Config(protocol="artnet", artnet_port=0), lambda: now[0]) as receiver:
        assert receiver.state == ""
        with sending(receiver.ports[0]) as sender:
            sender.send(artnet(1, b"\1\2"))
        until(lambda: receiver.moved(9), "a packet")
        now[0] = 11 * SECOND
        assert receiver.moved(9) == []
        assert receiver.state == "lost the desk of universe 1; its last levels stay"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"universes": ()}, "1 to 16 universes"),
        ({"universes": (70_000,)}, "to 63999"),
        ({"pairs": ("1/5+7",)}, "of two neighbours"),
        ({"pairs": ("5+6",)}, "is no pair"),
        ({"pairs": ("2/5+6",)}, "of a universe that is heard"),
        ({"pairs": ("1/5+6", "1/6+7")}, "in no other pair"),
        ({"pairs": ("1/512+513",)}, "is no pair"),
    ],
)
def test_what_cannot_be_heard_is_one_sentence(words: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why), opened(**words):
        pass


def test_a_taken_port_is_one_sentence() -> None:
    with opened() as receiver:
        taken = Config(protocol="artnet", artnet_port=receiver.ports[0])
        with pytest.raises(OSError, match="another program has this port"):
            dmx.open(taken, lambda: 0)
    with pytest.raises(OSError, match=r"cannot listen for a lighting desk on 192\.0\.2\.7"):
        dmx.open(Config("192.0.2.7"), lambda: 0)


def test_only_an_open_door_is_warned_of() -> None:
    with opened() as receiver:
        assert receiver.warning == ""
    with opened(host="0.0.0.0", protocol="artnet") as receiver:
        assert receiver.warning.startswith("a lighting desk is heard on 0.0.0.0: everyone on")


def test_multicast_is_joined_only_where_the_network_was_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    joined: list[bytes] = []

    class Socket(socket.socket):
        def setsockopt(self, level: int, name: int, value: object) -> None:  # type: ignore[override]
            if name == socket.IP_ADD_MEMBERSHIP:
                joined.append(value)  # type: ignore[arg-type]
            else:
                super().setsockopt(level, name, value)  # type: ignore[arg-type]

    monkeypatch.setattr(listeners.socket, "socket", Socket)
    for host, groups in (("127.0.0.1", []), ("0.0.0.0", [b"\xef\xff\1\2" + bytes(4)])):
        for each in listeners.listen(host, 0, (258,)):
            each.close()
        assert joined == groups
