"""A MIDI system in which a test plugs things, instead of the machine's."""

from __future__ import annotations

from collections.abc import Callable


class Port:
    """An open port that remembers what it was sent."""

    def __init__(self, system: System, name: str) -> None:
        self.system, self.name, self.is_closed = system, name, False

    def send(self, message: bytes) -> None:
        if self.name not in self.system.outs:
            raise OSError("gone")
        self.system.sent.append((self.name, message))

    def close(self) -> None:
        self.is_closed = True


class System:
    """A MIDI system in which things are plugged by a test."""

    name = "TEST"

    def __init__(self) -> None:
        self.ins: list[str] = []
        self.outs: list[str] = []
        self.busy: set[str] = set()
        self.ports: list[Port] = []
        self.receive: dict[str, Callable[[bytes], None]] = {}
        self.sent: list[tuple[str, bytes]] = []
        self.is_dead = False

    def inputs(self) -> list[str]:
        if self.is_dead:
            raise OSError("the server has ended")
        return self.ins.copy()

    def outputs(self) -> list[str]:
        return self.outs.copy()

    def open_input(self, index: int, receive: Callable[[bytes], None]) -> Port:
        if self.ins[index] in self.busy:
            raise OSError("another program has it")
        self.receive[self.ins[index]] = receive
        self.ports.append(Port(self, self.ins[index]))
        return self.ports[-1]

    def open_output(self, index: int) -> Port:
        return Port(self, self.outs[index])
