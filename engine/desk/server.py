"""OSCQuery over HTTP and WebSocket, on one port: what is asked is answered, what changes is told.

Nothing a client does costs the player anything: connections, requests and what waits for each are
bounded here, and a client that is slow is told the newest values only.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.desk.tree import EXTENSIONS, Tree, differences
from engine.system.sockets import Senders

MOST_CONNECTIONS = 64
MOST_LISTENED = 4096
"""Addresses of one client."""
PERIOD_S = 1 / 60
"""Between two looks at what a client is to be told."""
REQUEST_S = 10.0
"""In which a new connection has to ask for something."""
MAX_MESSAGE_BYTES = 65_536
Forward = Callable[[int, bytes], "asyncio.Future[None] | Any"]


class Client:
    """A WebSocket and what it listens to."""

    def __init__(self, number: int, socket: WebSocket) -> None:
        self.number = number
        self.socket = socket
        self.listens: set[str] = set()
        self.waiting: dict[str, None] = {}
        self.commands: list[Mapping[str, Any]] = []
        self.wake = asyncio.Event()

    def tell(self, address: str) -> None:
        """Let it be told the newest value of what it listens to."""
        if address in self.listens:
            self.waiting[address] = None
            self.wake.set()


class Desk:
    """What all clients see, and the clients.

    Parameters
    ----------
    host
        ``HOST_INFO`` without its extensions.
    forward
        Takes a client's number and an OSC packet; awaited, so that a flood waits at its sender.
    """

    def __init__(self, host: Mapping[str, Any], forward: Forward) -> None:
        self.host = {**host, "EXTENSIONS": dict.fromkeys(EXTENSIONS, True)}
        self.tree = Tree((), {})
        self.clients: dict[int, Client] = {}
        self.is_told = asyncio.Event()
        self.refused = 0
        self._forward = forward
        self._number = 0

    def begin(self, reports: list[dict[str, Any]], values: Mapping[str, Any]) -> None:
        """Show the addresses of a show that begins."""
        old, self.tree = self.tree, Tree(reports, values)
        commands = differences(old, self.tree) if self.is_told.is_set() else []
        self.is_told.set()
        for client in self.clients.values():
            client.listens &= self.tree.nodes.keys()
            client.commands += commands
            client.waiting = dict.fromkeys(client.listens)
            client.wake.set()

    def change(self, values: Mapping[str, Any], senders: Mapping[str, list[int]]) -> None:
        """Note values, and tell them to who listens, but for those who sent them."""
        for address, value in values.items():
            self.tree.set(address, value)
            own = senders.get(address, ())
            for client in self.clients.values():
                if client.number not in own:
                    client.tell(address)

    async def answer(self, request: Request) -> Response:
        """Answer a GET."""
        if not is_trusted(request):
            self.refused += 1
            return Response("this host or origin is not one of ours\n", 403)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.is_told.wait(), 5.0)
        attribute = request.url.query.partition("&")[0].partition("=")[0]
        if attribute == "HOST_INFO":
            return JSONResponse(self.host)
        status, content = self.tree.query(request.url.path, attribute)
        return Response(status_code=status) if content is None else JSONResponse(content)

    async def listen(self, socket: WebSocket) -> None:
        """Serve a WebSocket until it closes."""
        if not is_trusted(socket):
            self.refused += 1
            await socket.close()
            return
        await socket.accept()
        self._number += 1
        client = self.clients[self._number] = Client(self._number, socket)
        telling = asyncio.create_task(_tell(self, client))
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                if (packet := message.get("bytes")) is not None:
                    await self._forward(client.number, packet)
                else:
                    self._command(client, message.get("text") or "")
        finally:
            del self.clients[client.number]
            telling.cancel()

    def _command(self, client: Client, text: str) -> None:
        try:
            found = json.loads(text)
            command, path = found["COMMAND"], found["DATA"]
            node = self.tree.nodes[path]
        except (ValueError, TypeError, KeyError, RecursionError):
            self.refused += 1
            return
        if command == "IGNORE":
            client.listens.discard(path)
        elif command == "LISTEN" and "VALUE" in node and len(client.listens) < MOST_LISTENED:
            client.listens.add(path)
            client.tell(path)
        else:
            self.refused += 1


async def _tell(desk: Desk, client: Client) -> None:
    """Send a client what waits for it, at its own pace."""
    with suppress(WebSocketDisconnect, RuntimeError, OSError):
        while True:
            await client.wake.wait()
            client.wake.clear()
            commands, client.commands = client.commands, []
            for each in commands:
                await client.socket.send_text(json.dumps(each))
            waiting, client.waiting = client.waiting, {}
            for address in waiting:
                if "VALUE" in desk.tree.nodes.get(address, ()):
                    await client.socket.send_bytes(desk.tree.packet(address))
            await asyncio.sleep(PERIOD_S)


def is_trusted(request: HTTPConnection) -> bool:
    """Whether a request is meant for this machine and comes from no page of another.

    A page that rebinds a name of its own to our address sends that name as ``Host``; any page may
    open a WebSocket, and says where it is from as ``Origin``. Programs send no origin.
    """
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").lower()
    own = socket.gethostname().lower()
    origin = request.headers.get("origin")
    is_same = origin is None or origin in (f"http://{host}", f"https://{host}")
    return is_same and (name in ("localhost", own, f"{own}.local") or _is_number(name))


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class Connection(H11Protocol):
    """A connection, one of a bounded number, that asks for something soon or is closed."""

    senders: ClassVar[Senders] = Senders(())

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._due = self.loop.call_later(REQUEST_S, self._close_idle)
        host = self.client[0] if self.client else ""
        is_foreign = bool(self.senders) and not self.senders.may_send(host)
        if is_foreign or len(self.connections) > MOST_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._due.cancel()
        super().connection_lost(exc)

    def _close_idle(self) -> None:
        if getattr(self, "scope", None) is None:
            self.transport.abort()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: Ctrl-C is the player's."""
        yield


async def serve(desk: Desk, listener: socket.socket, senders: Senders) -> None:
    """Answer those who are allowed on a listening socket, until this is cancelled."""
    routes = [
        Route("/{path:path}", desk.answer, methods=["GET"]),
        WebSocketRoute("/{path:path}", desk.listen),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes),
        http=type("Ours", (Connection,), {"senders": senders}),
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=16_384,
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
    )
    await _Server(config).serve(sockets=[listener])
