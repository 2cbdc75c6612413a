"""Who may ask, and what waits for a client that is slow."""

from __future__ import annotations

import asyncio
import socket

import pytest
from starlette.requests import HTTPConnection

from engine.desk.server import Client, Desk, is_trusted


@pytest.mark.parametrize(
    ("host", "origin", "is_ours"),
    [
        ("127.0.0.1:9010", None, True),
        ("localhost:9010", None, True),
        ("localhost", "http://localhost", True),
        ("[::1]:9010", "http://[::1]:9010", True),
        ("192.168.1.23:9010", None, True),
        (socket.gethostname() + ".local:9010", None, True),
        ("127.0.0.1:9010", "http://127.0.0.1:9010", True),
        ("evil.example:9010", None, False),
        ("evil.example:9010", "http://evil.example:9010", False),
        ("127.0.0.1:9010", "http://evil.example", False),
        ("127.0.0.1:9010", "http://127.0.0.1:8080", False),
        ("127.0.0.1:9010", "null", False),
        ("127.0.0.1.evil.example", None, False),
        ("", None, False),
    ],
)
def test_only_this_machine_is_meant_and_no_other_pages_may_ask(host, origin, is_ours) -> None:
    headers = [(b"host", host.encode())]
    headers += [] if origin is None else [(b"origin", origin.encode())]
    assert is_trusted(HTTPConnection({"type": "http", "headers": headers})) is is_ours


REPORTS = [{"address": f"/a{n}", "type": "float", "default": 0.0} for n in range(3)]


def test_a_slow_client_is_told_the_newest_value_once_and_never_its_own() -> None:
    async def run() -> None:
        desk = Desk({}, lambda *_: None)
        desk.begin(REPORTS, {"/a0": 0.5})
        slow, own = Client(1, None), Client(2, None)
        desk.clients = {1: slow, 2: own}
        for client in desk.clients.values():
            for command in ('{"COMMAND": "LISTEN", "DATA": "/a0"}',) * 2:
                desk._command(client, command)
        own.waiting.clear()
        for n in range(1000):
            desk.change({"/a0": n / 1000, "/a1": 1.0}, {"/a0": [2]})
        assert list(slow.waiting) == ["/a0"]
        assert desk.tree.query("/a0", "VALUE")[1] == {"VALUE": [0.999]}
        assert not own.waiting
        desk._command(slow, '{"COMMAND": "IGNORE", "DATA": "/a0"}')
        slow.waiting.clear()
        desk.change({"/a0": 0.0}, {})
        assert not slow.waiting
        assert list(own.waiting) == ["/a0"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '{"COMMAND": "LISTEN"}', '{"COMMAND": "LISTEN", "DATA": []}',
        '{"COMMAND": "LISTEN", "DATA": "/nothing"}', '{"COMMAND": "LISTEN", "DATA": "/"}',
        '{"COMMAND": "QUIT", "DATA": "/a0"}', "[" * 50_000,
    ],
)  # fmt: skip
def test_commands_that_are_none_are_counted_and_change_nothing(text) -> None:
    async def run() -> None:
        desk = Desk({}, lambda *_: None)
        desk.begin(REPORTS, {})
        client = Client(1, None)
        desk._command(client, text)
        assert desk.refused == 1
        assert not client.listens

    asyncio.run(run())


def test_who_listens_learns_what_became_of_the_show_and_all_values_again() -> None:
    async def run() -> None:
        desk = Desk({}, lambda *_: None)
        desk.begin(REPORTS, {})
        client = desk.clients[1] = Client(1, None)
        for path in ("/a0", "/a2"):
            desk._command(client, f'{{"COMMAND": "LISTEN", "DATA": "{path}"}}')
        client.waiting.clear()
        desk.begin(REPORTS[:2], {})
        assert client.commands == [{"COMMAND": "PATH_REMOVED", "DATA": "/a2"}]
        assert list(client.waiting) == ["/a0"]

    asyncio.run(run())
