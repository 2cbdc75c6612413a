"""A generator for tests that sees a picture: it gives it back, a little redder each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.show.generator import Port, Request, Spec

STEP = 8  # of 255, that red grows by


@dataclass(frozen=True, slots=True)
class Config:
    side_px: int = 16
    any_size: bool = False


def spec(config: Config) -> Spec:
    side = config.side_px
    return Spec(
        name="echo",
        ports=(Port("image", "image", (3, side, side)), Port("z", "gaussian", (2,))),
        min_px=16,
        max_px=side,
        any_size=config.any_size,
    )


class Echo:
    def __init__(self, config: Config) -> None:
        self.spec = spec(config)

    def render(self, request: Request, memory: None) -> tuple[np.ndarray, None]:
        """Blue is full where nothing is seen yet."""
        width, height = request.size_px
        seen = request.pictures.get("image")
        if seen is None:
            pixels = np.zeros((1, 3, height, width), np.float32)
            pixels[:, 2] = 1.0
            return pixels, None
        pixels = seen.astype(np.float32).transpose(2, 0, 1)[None] / 255
        pixels[:, 0] += STEP / 255
        return pixels, None


def build(config: Config, device: str) -> Echo:
    return Echo(config)
