"""The control process: what serves controllers over the network, apart from the player.

It owns nothing: the player hands it the listening socket, what there is and what changes, and takes
from it what clients send. It may be ended at any time, and is then started again.

From the player, one JSON document a frame: ``{"show": [reports], "values": {address: value}}`` when
a show begins, ``{"values": {…}, "senders": {address: [clients]}}`` when something changed.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from engine.desk.link import HEAD, document, frame
from engine.system.sockets import Senders
from engine.system.spawn import end_with_parent

if TYPE_CHECKING:
    from engine.desk.server import Desk

BEAT_S = 0.5


def run(link: socket.socket, listener: socket.socket, about: Mapping[str, Any]) -> None:
    """Serve until the player closes the link.

    Parameters
    ----------
    about
        ``host``: HOST_INFO; ``announce``: kind of service (``_osc._udp``) → (address, port);
        ``allow``: hosts and networks that may connect, all if there are none.
    """
    end_with_parent()
    asyncio.run(_run(link, listener, about))


async def _run(link: socket.socket, listener: socket.socket, about: Mapping[str, Any]) -> None:
    from engine.desk.server import Desk, serve  # the player imports this file, and no web server

    reader, writer = await asyncio.open_connection(sock=link)

    async def forward(number: int, packet: bytes) -> None:
        writer.write(frame(number, packet))
        await writer.drain()

    desk, senders = Desk(about["host"], forward), Senders(about["allow"])
    async with AsyncExitStack() as stack:
        tasks = [
            asyncio.create_task(each)
            for each in (
                _follow(reader, desk),
                serve(desk, listener, senders),
                _beat(writer, desk),
            )
        ]
        await _announce(stack, about["host"]["NAME"], about["announce"])
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def _follow(reader: asyncio.StreamReader, desk: Desk) -> None:
    """Take over what the player says, until it closes the link."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            length, _ = HEAD.unpack(await reader.readexactly(HEAD.size))
            told = json.loads(await reader.readexactly(length))
            if "show" in told:
                desk.begin(told["show"], told["values"])
            else:
                desk.change(told["values"], told["senders"])


async def _beat(writer: asyncio.StreamWriter, desk: Desk) -> None:
    """Let the player know that this process lives, and whom it serves."""
    with suppress(ConnectionError):
        while True:
            writer.write(document({"clients": len(desk.clients), "refused": desk.refused}))
            await asyncio.sleep(BEAT_S)


async def _announce(
    stack: AsyncExitStack, name: str, services: Mapping[str, tuple[str, int]]
) -> None:
    """Let programs in the network find us by zeroconf, if the operator opened it."""
    if not services:
        return
    try:
        from zeroconf import ServiceInfo
        from zeroconf.asyncio import AsyncZeroconf
    except ImportError:
        return
    with suppress(OSError):
        found = AsyncZeroconf()
        stack.push_async_callback(found.async_close)
        for kind, (address, port) in services.items():
            entry = f"{name}.{kind}.local."
            info = ServiceInfo(f"{kind}.local.", entry, port, parsed_addresses=[address])
            await found.async_register_service(info, allow_name_change=True)
