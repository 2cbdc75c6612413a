"""A generator for tests: numpy only, one flat colour, with a delay and ways to misbehave."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.parameter import Parameter
from engine.core.show.generator import Port, Request, Spec

WATCHED = {"numpy", "torch", "moderngl", "glfw", "engine.app", "pytest"}


@dataclass(frozen=True, slots=True)
class Config:
    delay_s: float = 0.0
    breaks: str = ""  # "build", "end": how it cannot be built
    gate: str = ""  # file that a picture waits for
    warm_gate: str = ""  # file that its warm-up waits for
    needs: str = ""  # file that says how many bytes it needs


def spec(config: Config) -> Spec:
    return Spec(
        name="slow",
        ports=(Port("z", "gaussian", (4,)),),
        parameters=(Parameter("act", high=9.0),),
        stateful=True,
    )


def memory_bytes(config: Config, device: str) -> int:
    assert device == "cpu"
    return int(Path(config.needs).read_text()) if config.needs else 0


def wait_for(gate: str) -> None:
    while gate and not os.path.exists(gate):
        time.sleep(0.01)


class Slow:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.spec = spec(config)

    def warm_up(self, clock: object = None) -> None:
        wait_for(self.config.warm_gate)

    def render(self, request: Request, memory: int | None) -> tuple[np.ndarray, int]:
        """Red is z[0], green the number of frames so far / 1000, blue 2 (to be clamped)."""
        time.sleep(self.config.delay_s)
        wait_for(self.config.gate)
        act = request.parameters.get("act", 0)
        if act == 1:
            raise RuntimeError("asked to fail")
        if act == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        if act == 3:
            time.sleep(1e6)
        while act == 5:
            pass
        if act == 4:
            raise RuntimeError("has " + " ".join(sorted(m for m in sys.modules if m in WATCHED)))
        count = (memory or 0) + 1
        width, height = request.size_px
        pixels = np.empty((1, 3, height, width), np.float32)
        pixels[0, 0] = request.latents["z"][0]
        pixels[0, 1] = count / 1000
        pixels[0, 2] = 2.0
        pixels[0, 0, 0, 0] = np.nan
        return pixels, count


def build(config: Config, device: str) -> Slow:
    if config.breaks == "build":
        raise OSError("weights.safetensors: not found")
    if config.breaks == "end":
        raise EOFError("weights.safetensors ends early")
    return Slow(config)
