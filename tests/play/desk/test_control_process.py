"""The control process serves what the player tells it, and may end at any time."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from contextlib import contextmanager, suppress

import pytest
from pythonosc.osc_message import OscMessage
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.state import first_state
from engine.desk.server import MOST_CONNECTIONS
from engine.play.desk import control_process
from engine.play.desk.control_process import ControlProcess
from engine.play.events.directory import Directory
from engine.play.live.commands import ADDRESSES
from engine.play.live.feedback import Feedback
from engine.sources.osc import sender
from tests.making import read_show
from tests.performing import LIMIT_S, until

SHOW = read_show()
SPEED = "/master/speed"


class Frames:
    """A player reduced to its feedback: frame after frame."""

    def __init__(self) -> None:
        directory = Directory(SHOW, ADDRESSES)
        place = ("127.0.0.1", 9000)
        self.control = ControlProcess("127.0.0.1:0", ADDRESSES, place, directory.targets)
        self.feedback = Feedback(pytest.fail)
        self.feedback.add(self.control)
        self.state = first_state(SHOW)
        self.came: list[tuple[str, object]] = []
        self.frame()

    def frame(self, **values: float) -> None:
        """Let values of the master be in force, and a frame pass."""
        self.control.tend(time.monotonic())
        self.came += [(address, value) for _, address, value in self.control.poll(256)]
        tick = self.state.tick + 1
        events = [Event(tick, f"/master/{name}", x) for name, x in values.items()]
        self.state = advance(SHOW, self.state, tick, events)
        self.feedback.send(SHOW, self.state, {})

    def until(self, found, what: str):
        def look():
            self.frame()
            return found()

        return until(look, what)

    def ask(self, path: str, **headers: str) -> tuple[int, object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.control.port, timeout=LIMIT_S)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if answer.status == 200 else None
        finally:
            connection.close()

    @contextmanager
    def listen(self, *paths: str):
        with connect(f"ws://127.0.0.1:{self.control.port}/", open_timeout=LIMIT_S) as client:
            for path in paths:
                client.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
                assert OscMessage(client.recv(LIMIT_S)).address == path
            yield client


@pytest.fixture
def frames():
    found = Frames()
    yield found
    found.feedback.close()


def packet(address: str, value: float) -> bytes:
    message = sender.encode(address, value)
    assert message is not None
    return message.dgram


def test_what_there_is_can_be_asked_for_and_is_kept_up_to_date(frames) -> None:
    assert frames.ask("/?HOST_INFO")[1]["OSC_PORT"] == 9000
    assert frames.ask(f"{SPEED}?VALUE") == (200, {"VALUE": [1.0]})
    assert frames.ask("/nothing")[0] == 404
    assert frames.ask("/master/jump?VALUE")[0] == 204
    assert "feedback" in frames.ask("/")[1]["CONTENTS"]
    frames.frame(speed=0.5)
    frames.until(lambda: frames.ask(f"{SPEED}?VALUE")[1] == {"VALUE": [0.5]}, "the new value")


def test_several_requests_go_over_one_connection_and_others_methods_do_not(frames) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", frames.control.port, timeout=LIMIT_S)
    try:
        for _ in range(3):
            connection.request("GET", SPEED)
            assert json.loads(connection.getresponse().read())["FULL_PATH"] == SPEED
        connection.request("POST", SPEED, b"0.5")
        assert connection.getresponse().status == 405
    finally:
        connection.close()


def test_a_listener_is_told_the_value_then_changes_but_not_its_own(frames) -> None:
    with frames.listen(SPEED) as one, frames.listen(SPEED) as other:
        one.send(packet("/composition/speed", 0.2))
        frames.until(lambda: frames.came, "what was sent")
        assert frames.came == [("/composition/speed", pytest.approx(0.2))]
        frames.frame(speed=2.0)
        frames.frame()
        assert OscMessage(other.recv(LIMIT_S)).params == [2.0]
        for _ in range(3):
            frames.frame()
        frames.frame(speed=3.0)
        frames.frame()
        assert OscMessage(other.recv(LIMIT_S)).params == [3.0]
        assert OscMessage(one.recv(LIMIT_S)).params == [3.0]


def test_a_show_that_is_loaded_again_is_said_with_what_it_has_now(frames) -> None:
    with frames.listen(SPEED) as client:
        other = read_show("[[lfos]]\nid = 'new'\nrate_hz = 1.0\n")
        frames.feedback.send(other, first_state(other), {})
        told = [client.recv(LIMIT_S), client.recv(LIMIT_S)]
    assert json.loads(told[0]) == {"COMMAND": "PATH_ADDED", "DATA": "/lfo"}
    assert OscMessage(told[1]).address == SPEED
    assert frames.ask("/lfo/new/rate_hz?VALUE") == (200, {"VALUE": [1.0]})


def test_what_is_no_osc_is_counted_and_nothing_stops(frames) -> None:
    with frames.listen() as client:
        for bad in (b"", b"abc", b"/a", b"\xff" * 64, b"#bundle\0" + bytes(8) + b"\xff" * 8):
            client.send(bad)
        client.send("not json")
        client.send(packet(SPEED, 0.5))
        frames.until(lambda: frames.came, "the message behind them")
        assert frames.came == [(SPEED, 0.5)]
        assert frames.control.refused == 5
        frames.until(lambda: frames.control.said.get("refused") == 1, "its own count")
        assert frames.control.report()["clients"] == 1


def test_what_is_too_long_ends_the_connection_only(frames) -> None:
    with frames.listen() as client:
        client.send(bytes(100_000))
        until(lambda: _is_closed(client), "the end of the connection")
    place = ("127.0.0.1", frames.control.port)
    with socket.create_connection(place, LIMIT_S) as long, suppress(ConnectionError):
        long.sendall(b"GET /" + b"a" * 300_000)  # it may be cut before all of it is sent
        assert long.recv(100)[:12] in (b"HTTP/1.1 400", b"")
    assert frames.ask(SPEED)[0] == 200


def _is_cut(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def _is_closed(client) -> bool:
    return client.close_code is not None


def test_foreign_pages_are_refused(frames) -> None:
    assert frames.ask("/", Host="evil.example")[0] == 403
    assert frames.ask("/", Origin="http://evil.example")[0] == 403
    place = f"ws://127.0.0.1:{frames.control.port}/"
    with pytest.raises(InvalidStatus), connect(place, origin="http://evil.example"):
        pytest.fail("it is let in")


def test_more_connections_than_there_is_room_for_are_closed_and_asking_goes_on(frames) -> None:
    assert frames.ask(SPEED)[0] == 200
    place = ("127.0.0.1", frames.control.port)
    idle = [socket.create_connection(place, LIMIT_S) for _ in range(MOST_CONNECTIONS + 20)]
    try:
        for each in idle[MOST_CONNECTIONS:]:
            each.settimeout(LIMIT_S)
            assert _is_cut(each)
    finally:
        for each in idle:
            each.close()
    until(lambda: frames.ask(SPEED)[0] == 200, "room again")


def test_a_flood_waits_at_its_sender(frames, monkeypatch) -> None:
    monkeypatch.setattr(control_process, "MOST_PACKETS", 100)
    with frames.listen() as client:
        for n in range(5000):
            client.send(packet(SPEED, n / 5000))
        frames.until(lambda: len(frames.control._packets) >= 100, "a full inbox")
        frames.until(lambda: len(frames.came) == 5000, "all of it, in the end")


@pytest.mark.skipif(os.name != "posix", reason="ends it by a signal")
def test_a_process_that_ends_is_started_again_on_the_same_port(frames) -> None:
    assert frames.ask(SPEED)[0] == 200
    first = frames.control._process.pid
    with frames.listen(SPEED):
        os.kill(first, signal.SIGKILL)
        frames.until(lambda: frames.control._process is None, "its end")
        assert frames.control.state.startswith("lost")
        frames.frame(speed=0.25)
        frames.control._due_s = 0.0
        frames.until(lambda: frames.control._process is not None, "another")
    assert frames.control._process.pid != first
    assert frames.control.report()["restarts"] == 1
    frames.until(lambda: not frames.control._out, "what it has to know")
    assert frames.ask(f"{SPEED}?VALUE") == (200, {"VALUE": [0.25]})


@pytest.mark.skipif(os.name != "posix", reason="stops it by a signal")
def test_a_process_that_hangs_costs_nothing_and_is_replaced(frames, monkeypatch) -> None:
    assert frames.ask(SPEED)[0] == 200
    first = frames.control._process.pid
    os.kill(first, signal.SIGSTOP)
    for n in range(3000):
        frames.frame(speed=n % 4 / 4)
    assert len(frames.control._out) < 1 << 20
    monkeypatch.setattr(control_process, "PATIENCE_S", 0.0)
    frames.until(lambda: frames.control._process is None, "the end of patience")


def test_a_port_that_is_taken_is_said(frames) -> None:
    with pytest.raises(OSError, match=r"cannot listen for OSCQuery on 127\.0\.0\.1:\d+: .*choose"):
        ControlProcess(f"127.0.0.1:{frames.control.port}", {}, ("127.0.0.1", 1), lambda _: ())
    with pytest.raises(ValueError, match="HOST:PORT"):
        ControlProcess("9010", {}, ("127.0.0.1", 1), lambda _: ())


def test_who_is_not_on_the_list_is_not_served() -> None:
    place = ("127.0.0.1", 1)
    control = ControlProcess("127.0.0.1:0", {}, place, lambda _: (), ["192.0.2.7"])
    try:
        with socket.create_connection(("127.0.0.1", control.port), 60) as client:
            assert _is_cut(client)
    finally:
        control.close()


def test_only_what_the_operator_opened_is_announced() -> None:
    about = control_process._about
    assert about(("127.0.0.1", 1), ("127.0.0.1", 2))["announce"] == {}
    assert list(about(("127.0.0.1", 1), ("192.168.1.2", 2))["announce"]) == ["_osc._udp"]
    opened = about(("0.0.0.0", 1), ("192.168.1.2", 2))
    assert opened["announce"]["_osc._udp"] == ("192.168.1.2", 2)
    assert "0.0.0.0" not in json.dumps(opened)
