"""Who may send: this machine, and the networks that were named."""

from __future__ import annotations

import pytest

from engine.system.sockets import Hosts


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.1.40", True),
        ("::ffff:192.168.1.40", True),
        ("10.0.0.77", True),
        ("10.0.1.77", False),
        ("192.168.1.41", False),
        ("fe80::1%eth0", False),
    ],
)
def test_named_hosts_and_networks_and_this_machine_may(host: str, may: bool) -> None:
    hosts = Hosts(["192.168.1.40", "10.0.0.9/24"])
    assert (host in hosts) is may
    assert (host in hosts) is may


@pytest.mark.parametrize("name", ["", "studio", "10.0.0.0/40", "1.2.3"])
def test_what_is_no_host_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="write a host like"):
        Hosts([name])


def test_a_flood_of_senders_is_not_remembered() -> None:
    hosts = Hosts([])
    for n in range(5000):
        assert f"10.1.{n // 256}.{n % 256}" not in hosts
    assert len(hosts._known) <= 1024
