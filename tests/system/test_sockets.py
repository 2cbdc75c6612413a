"""Who may send OSC is a list; what others send is not read, counted, and said once."""

from __future__ import annotations

import socket

import pytest
from pythonosc.osc_message_builder import build_msg

from engine.sources.osc import osc
from engine.system.sockets import MOST_KNOWN, MOST_TOLD, Senders

MESSAGE = build_msg("/layer/form/opacity", 0.5).dgram


@pytest.mark.parametrize(
    ("allowed", "sender", "may"),
    [
        (["192.168.1.20"], "192.168.1.20", True),
        (["192.168.1.20"], "192.168.1.21", False),
        (["10.0.0.0/8", "192.168.1.20"], "10.250.3.4", True),
        (["10.1.2.3/8"], "10.250.3.4", True),  # a host of the network stands for it
        (["10.0.0.0/8"], "127.0.0.1", False),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["fe80::/10"], "10.0.0.1", False),
        (["0.0.0.0/0"], "8.8.8.8", True),
    ],
)
def test_a_list_of_addresses_and_networks(allowed: list[str], sender: str, may: bool) -> None:
    assert Senders(allowed).may_send(sender) is may


@pytest.mark.parametrize("text", ["10.0.0.300", "studio", "", "10.0.0.0/40", "x" * 500])
def test_what_is_no_sender_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"write an address like 192\.168\.1\.20") as found:
        osc.Config(allow=(text,))
    assert len(str(found.value)) < 200


def send(receiver: osc.Receiver, count: int = 1) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(MESSAGE, ("127.0.0.1", receiver.port))


def polled(receiver: osc.Receiver, count: int) -> list:
    """Poll until so many packets were read or turned away."""
    found: list = []
    while receiver.received + receiver.turned_away < count:
        found += receiver.poll(256)
    return found


def test_packets_of_others_are_turned_away_unread() -> None:
    config = osc.Config(port=0, allow=("192.0.2.7",))
    with osc.open(config, lambda: 0) as receiver:
        send(receiver, 3)
        assert polled(receiver, 3) == []
        assert (receiver.turned_away, receiver.received, receiver.refused) == (3, 0, 0)
        ((sender, why),) = receiver.refusals()
        assert sender == "127.0.0.1"
        assert "not on the list of senders" in why
        send(receiver, 1)
        polled(receiver, 4)
        assert receiver.refusals() == []  # said once


def test_who_is_on_the_list_is_heard() -> None:
    with osc.open(osc.Config(port=0, allow=("127.0.0.0/8",)), lambda: 5) as receiver:
        send(receiver)
        assert polled(receiver, 1) == [(5, "/layer/form/opacity", 0.5)]
        assert receiver.turned_away == 0


def test_what_is_known_of_strangers_is_bounded() -> None:
    senders = Senders(["192.0.2.7"])
    news = [senders.is_news(f"10.0.{k // 250}.{k % 250}") for k in range(2000)]
    assert [senders.may_send(f"10.0.{k // 250}.{k % 250}") for k in range(2000)] == [False] * 2000
    assert sum(news) == MOST_TOLD
    assert len(senders._known) <= MOST_KNOWN
