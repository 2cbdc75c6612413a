"""What is seen between the frames of a slow generator, against the true picture of each moment.

``python -m bench.in_between``: frames at 5, 10 and 15 a second, each just in time, shown at 60 by
the bridge and the compositor as a performance does; PSNR in dB over two seconds, and of the worst
tenth of their pictures. A pattern that turns (an eighth of a turn a second), and the CPPN as it
walks (half a knot a second).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from engine.compositor.enlarge import Enlarger
from engine.compositor.gl.context import open_context
from engine.compositor.isf.passes import Kit
from engine.core.latent.geometry import slerp
from engine.core.show.generator import Request
from engine.core.show.layer import IN_BETWEENS
from engine.generators.host.messages import Frame
from engine.generators.kinds import cppn
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.slot import SEEN_PERIODS

SIDE_PX, FPS, SECONDS = 128, 60, 2.0
RATES = (5, 10, 15)
Source = Callable[[float], np.ndarray]


def turning(seconds: float) -> np.ndarray:
    """A coloured pattern of which every part moves [shape=(H, W, 4)]."""
    turn = 2 * math.pi * seconds / 8
    y, x = (np.mgrid[:SIDE_PX, :SIDE_PX] + 0.5) / SIDE_PX * 2 - 1
    u, v = math.cos(turn) * x + math.sin(turn) * y, math.cos(turn) * y - math.sin(turn) * x
    waves = (np.sin(9 * u + 3 * np.sin(4 * v)), np.sin(7 * v - 2 * u * u), np.cos(12 * u * v + u))
    return np.stack([*(0.5 + 0.4 * w for w in waves), np.ones_like(u)], -1).astype(np.float16)


def walking() -> Source:
    """The CPPN on the way through three latents."""
    built = cppn.build(cppn.Config())
    points = np.random.default_rng(3).standard_normal((3, 64))

    @cache
    def at(seconds: float) -> np.ndarray:
        knot, share = divmod(0.5 * max(seconds, 0.0), 1.0)
        z = slerp(points[int(knot)], points[int(knot) + 1], share).astype(np.float32)
        pixels, _ = built.render(Request(seconds, {"z": z}, size_px=(SIDE_PX, SIDE_PX)))
        return np.ascontiguousarray(pixels[0].permute(1, 2, 0).numpy(), np.float16)

    return at


def measure(ctx: Any, source: Source, rate: int, in_between: str) -> tuple[float, float]:
    """PSNR of the pictures on the screen, and of the worst tenth, in dB."""
    kit, bridge = Kit(ctx, 60.0), Bridge(ctx)
    enlarger, taken, errors = Enlarger(kit), 0, []
    ahead_s = SEEN_PERIODS.get(in_between, 1.0) / rate

    def shown(seconds: float) -> np.ndarray:
        pixels = bridge.pixels("a", seconds, in_between)
        assert pixels is not None
        surface = enlarger.draw(pixels, (SIDE_PX, SIDE_PX))
        kit.pool.give(surface)
        seen = np.frombuffer(surface.texture.read(), np.float16).reshape(SIDE_PX, SIDE_PX, 4)
        return seen[::-1, :, :3].astype(np.float64)

    for n in range(round(SECONDS * FPS)):
        seconds = round(n / FPS, 9)
        while taken / rate - ahead_s <= seconds + 1e-9:
            stamp = round(taken / rate, 9)
            bridge.take("a", Frame(stamp, taken, source(stamp), {}))
            taken += 1
            bridge.pixels("a", seconds, in_between)
        true = source(seconds)[..., :3].astype(np.float64)
        errors.append(float(np.mean((shown(seconds) - true) ** 2)))
    bridge.close()
    enlarger.release()
    kit.release()
    worst = np.sort(errors)[-len(errors) // 10 :]
    return float(-10 * np.log10(np.mean(errors))), float(-10 * np.log10(np.mean(worst)))


def cost(ctx: Any) -> tuple[float, float]:
    """CPU-ms of a flow, and of a picture that it moves, at 512 × 512."""
    kit, bridge = Kit(ctx, 60.0), Bridge(ctx)
    enlarger = Enlarger(kit)
    rng = np.random.default_rng(0)
    spent = {True: 0.0, False: 0.0}
    for n in range(24):
        pixels = rng.uniform(0, 1, (512, 512, 4)).astype(np.float16)
        bridge.take("a", Frame(float(n), n, pixels, {}))
        for share in (0.25, 0.75):
            found = bridge.pixels("a", n - 1 + share, "flow")
            assert found is not None
            ctx.finish()
            start = time.process_time()
            kit.pool.give(enlarger._flow.draw(found))
            ctx.finish()
            if n > 3:
                spent[share < 0.5] += time.process_time() - start
    bridge.close()
    first, again = spent[True] / 20e-3, spent[False] / 20e-3
    return first - again, again


def main() -> None:
    """Print a table for each source."""
    ctx = open_context()
    for name, source in (("turning pattern", turning), ("CPPN, walking", walking())):
        print(f"{name:16}" + "".join(f"{each:>16}" for each in IN_BETWEENS))
        for rate in RATES:
            found = [measure(ctx, source, rate, each) for each in IN_BETWEENS]
            cells = "".join(f"{a:9.1f} /{b:5.1f}" for a, b in found)
            print(f"{rate:10} a s    {cells}", flush=True)
    flow_ms, move_ms = cost(ctx)
    print(f"512 × 512: {flow_ms:.1f} CPU-ms a flow, {move_ms:.1f} a picture moved")


if __name__ == "__main__":
    main()
