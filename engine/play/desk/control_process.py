"""The control process, seen by the player: it is started, told what changes, and asked for events.

It is a source (what clients send) and a sink of feedback (what they are told). Nothing here waits:
what the link does not take at once is kept, at most one message and the newest value of each
address. A process that ends, or says nothing for long, is replaced; the port is ours and stays.
"""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from typing import Any, Self

from engine.core.event import Value
from engine.core.show.addresses import Address, addresses
from engine.core.show.show import Show
from engine.desk import process
from engine.desk.link import document, split
from engine.play.event_queue import FRAMES_KNOWN
from engine.play.pacer import now_ns
from engine.sources.osc.decode import Decoded
from engine.sources.osc.inbox import Inbox
from engine.sources.osc.osc import parse_endpoint
from engine.system.liveness import Stillness
from engine.system.sockets import is_loopback, listen_tcp, open_door, reached, why_not
from engine.system.spawn import launch

PATIENCE_S = 10.0
RETRY_S = 5.0
FIRM_S = 2.0
MOST_PACKETS = 4096
"""Kept of what came; the rest waits in the link, and so at its senders."""
READ_BYTES = 65_536


class ControlProcess(Inbox):
    """A process that serves OSCQuery, and the link to it.

    Parameters
    ----------
    endpoint
        ``HOST:PORT`` to listen on; port 0 takes a free one.
    host
        Addresses that the host answers to, beside those of a show.
    osc
        Host and port on which OSC comes in by UDP.
    targets
        Finds what a message's address is for, by its first names.
    allow
        Hosts and networks that may connect; empty: all.

    Raises
    ------
    ValueError, OSError
        If the endpoint is none, or cannot be listened on.
    """

    kind = ""
    """As a sink it is told everything: it knows itself who sent what."""
    most_per_frame = 1 << 20

    def __init__(
        self,
        endpoint: str,
        host: Mapping[str, Address],
        osc: tuple[str, int],
        targets: Callable[[str], Sequence[str]],
        allow: Sequence[str] = (),
    ) -> None:
        super().__init__(now_ns)
        name, port = parse_endpoint(endpoint)
        try:
            self._listener = listen_tcp(name, port)
        except (OSError, UnicodeError) as error:
            raise OSError(why_not("OSCQuery", name, port, error)) from error
        self.host, self.port = self._listener.getsockname()[:2]
        self.warning = open_door("OSCQuery", self.host, self.port)
        self._about = {**_about((self.host, self.port), osc), "allow": [*allow]}
        self._addresses = host
        self._targets = targets
        self._packets: deque[tuple[int, bytes]] = deque()
        self._client = 0
        self._arrived: deque[dict[str, set[int]]] = deque([{}], FRAMES_KNOWN)
        self._reports: list[dict[str, Any]] = []
        self._values: dict[str, Any] = {}
        self._changed: dict[str, set[int]] = {}
        self._still = Stillness()
        self._begun_s = self._due_s = 0.0
        self.restarts = -1
        self.said: dict[str, int] = {}
        self._process: SpawnProcess | None = None
        self._launch(0.0)

    def _launch(self, now_s: float) -> None:
        self._link, theirs = socket.socketpair()
        self._link.setblocking(False)
        self._process = launch(process.run, theirs, self._listener, self._about, name="control")
        theirs.close()
        self._begun_s = now_s
        self._still.reset()
        self._out, self._in = bytearray(), bytearray()
        self._is_new = True
        self.restarts += 1

    @property
    def state(self) -> str:
        """``running``, or ``lost`` until it is started again."""
        return "running" if self._process is not None else "lost: the control process ended"

    def tend(self, now_s: float) -> None:
        """Exchange what waits, and replace the process if it has ended or hangs."""
        if self._process is None:
            if now_s >= self._due_s:
                self._launch(now_s)
            return
        self._begun_s = self._begun_s or now_s
        try:
            self._push()
            is_alive = self._pull()
        except OSError:
            is_alive = False
        if not is_alive or self._still.tend(now_s, self._process.pid or 0) > PATIENCE_S:
            is_firm = now_s - self._begun_s > FIRM_S
            self._due_s = now_s if is_firm else now_s + RETRY_S
            self._end()

    def _end(self) -> None:
        self._link.close()
        if self._process is not None:
            self._process.kill()
            self._process.join(1.0)
            self._process = None

    def _push(self) -> None:
        while self._out:
            try:
                del self._out[: self._link.send(self._out)]
            except (BlockingIOError, InterruptedError):
                return

    def _pull(self) -> bool:
        """Receive; False if the process has closed its end."""
        while len(self._packets) < MOST_PACKETS:
            try:
                received = self._link.recv(READ_BYTES)
            except (BlockingIOError, InterruptedError):
                return True
            if not received:
                return False
            self._still.reset()
            self._in += received
            with suppress(ValueError):
                for number, content in split(self._in):
                    if number:
                        self._packets.append((number, content))
                    else:
                        self.said = json.loads(content)
        return True

    def _read(self) -> bytes | None:
        """Hand over a packet to be decoded, and remember whose it is."""
        if not self._packets:
            return None
        self._client, packet = self._packets.popleft()
        return packet

    def _decode(self, packet: bytes) -> Decoded:
        found = super()._decode(packet)
        for address, _ in found.messages:
            for each in self._targets(address):
                self._arrived[-1].setdefault(each, set()).add(self._client)
        return found

    def begin(self, show: Show) -> Sequence[str]:
        """Take the addresses of a show that begins; its values follow before `flush`."""
        listed = {**addresses(show), **self._addresses}
        self._reports = [each.report() for each in listed.values()]
        self._values = {}
        self._is_new = True
        return ()

    def send(self, address: str, value: Value) -> None:
        """Take a value that changed."""
        self._values[address] = list(value) if isinstance(value, tuple) else value
        own = (frame.get(address, set()) for frame in self._arrived)
        self._changed[address] = self._changed.get(address, set()).union(*own)

    def flush(self) -> None:
        """Give what changed to the process, unless it still reads what it was given before."""
        self._arrived.append({})
        if self._process is None or self._out or not self._reports:
            return
        if self._is_new:
            self._out += document({"show": self._reports, "values": self._values})
        elif self._changed:
            told = {address: self._values[address] for address in self._changed}
            senders = {address: [*own] for address, own in self._changed.items() if own}
            self._out += document({"values": told, "senders": senders})
        self._is_new = False
        self._changed.clear()
        with suppress(OSError):  # `tend` sees to it
            self._push()

    def report(self) -> dict[str, Any]:
        """Return its part of the stats file."""
        return {"port": self.port, "restarts": self.restarts, **self.said}

    def close(self) -> None:
        """End the process and let go of the port."""
        self._end()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _about(own: tuple[str, int], osc: tuple[str, int]) -> dict[str, Any]:
    """What the process says of us, and what it announces: only what the operator opened."""
    places = {"_oscjson._tcp": own, "_osc._udp": osc}
    return {
        "host": {
            "NAME": "Latent Cinema",
            "OSC_IP": reached(osc[0]),
            "OSC_PORT": osc[1],
            "OSC_TRANSPORT": "UDP",
            "WS_IP": reached(own[0]),
            "WS_PORT": own[1],
        },
        "announce": {
            kind: (reached(host), port)
            for kind, (host, port) in places.items()
            if reached(host) and not is_loopback(host)
        },
    }
