"""A rig for tests: a show, controllers, feedback and devices that write down what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.event import Value
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.play.controllers.controllers import LOOK_NS, Controllers
from engine.play.controllers.guess import WAIT_NS
from engine.play.live.commands import ADDRESSES
from engine.play.live.feedback import Feedback
from engine.sources.contract import Moved
from tests.making import run


class Rig:
    """A show, controllers, feedback and devices that write down what they are told."""

    def __init__(self, folder: Path, show: Show, devices: tuple[str, ...] = ("pads",)) -> None:
        self.show_ = show
        self.state = first_state(show)
        self.said: list[str] = []
        self.line = ""
        self.plugged = list(devices)
        self.lit: list[tuple[str, str, float]] = []
        self.written: list[bytes] = []
        self.now_ns = LOOK_NS
        self.folder = folder
        self.made = Controllers(self, ADDRESSES, self.said.append, self._tell, folder)
        self.feedback = Feedback(pytest.fail)
        self.feedback.add(self.made.lights)
        self.frame()

    def _tell(self, text: str, _: float) -> None:
        self.line = text
        self.said += [text] * bool(text)

    def show(self, device: str, control: str, value: float) -> None:
        self.lit.append((device, control, round(value * 127)))

    def write(self, device: str, data: bytes) -> None:
        self.written.append(data)

    def devices(self) -> list[str]:
        return list(self.plugged)

    def frame(self, wait_ns: int = LOOK_NS) -> list[tuple[str, str, float]]:
        """A frame later: what was lit in it."""
        self.now_ns += wait_ns
        self.lit.clear()
        for _ in range(8):  # sinks are told a bounded number of values a frame
            self.feedback.send(self.show_, self.state, {})
        self.made.tend(self.show_, self.state, self.now_ns)
        return list(self.lit)

    def move(self, control: str, value: float, device: str = "pads") -> list[tuple[str, Value]]:
        """A hand moves something, and its events take effect."""
        moved = Moved(self.now_ns, device, control, value)
        items = self.made.events(self.show_, self.state, [moved])
        found = [(address, sent) for _, address, sent in items]
        self.apply(*found)
        return found

    def apply(self, *events: tuple[str, Value]) -> None:
        tick = self.state.tick + 1
        self.state = run(self.show_, tick, [(tick, a, v) for a, v in events], self.state)

    def learn(self, address: str, control: str, *values: float, device: str = "pads") -> None:
        self.made.command(self.show_, "target", address)
        for value in values:
            assert self.move(control, value, device) == []
        self.frame(WAIT_NS + 1)

    def kept(self) -> str:
        self.made.close()
        return (self.folder / "two-hands.toml").read_text("utf-8")
