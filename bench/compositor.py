"""The compositor: CPU of layers and passes at three sizes, and Python's share. Prints JSON.

With ``--against TREE`` (the checkout of another version) both are measured by turns, each in a
process of its own, and the ratios of this one to that one are printed.

CPU milliseconds of all threads (a renderer without a GPU draws in its own), the smallest of several
repeats, because other programs can only add to them. A layer or a pass is what one more of them
costs. Python's share is measured on a context that draws nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.compositor.compose import Compositor
from engine.compositor.gl.context import open_context
from engine.core.frame.plan import LayerPlan, Pass, Plan

SIZES = ((640, 360), (1280, 720), (1920, 1080))
MANY = 5
WAVE = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "speed", "TYPE": "float", "DEFAULT": 1.0}]}*/
void main() { gl_FragColor = vec4(isf_FragNormCoord, speed, 0.8); }"""
DIM = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"},
  {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.9}]}*/
void main() { vec4 c = IMG_THIS_PIXEL(inputImage); gl_FragColor = vec4(c.rgb * amount, c.a); }"""


def layer(number: int, effects: int = 0, **changes: Any) -> LayerPlan:
    name = f"l{number}"
    source = Pass(f"{name}/source", "wave", {"speed": 0.5})
    chain = tuple(Pass(f"{name}/{n}", "dim", {"amount": 0.9}) for n in range(effects))
    plain = LayerPlan(name, None, source, chain, "normal", 0.8, 16 / 9, 1.0, False)
    known = {name: value for name, value in changes.items() if name in LayerPlan._fields}
    return plain._replace(**known)


def cases() -> Iterator[tuple[str, Callable[[int], tuple[LayerPlan, ...]]]]:
    """Name, and the layers of a frame with so many more of what is measured."""
    yield "layer", lambda n: tuple(layer(i) for i in range(1 + n))
    yield "pass", lambda n: (layer(0), layer(1, effects=1 + n))
    yield "layer, scaled", lambda n: (layer(0), *(layer(1 + i, scale=0.5) for i in range(n)))
    if "placing" not in LayerPlan._fields:
        return
    from engine.core.show.placing import Placing

    turned = Placing(rotation=20.0, x=0.1)
    yield "layer, turned", lambda n: (layer(0), *(layer(1 + i, placing=turned) for i in range(n)))
    yield "layer, overlay", lambda n: (layer(0), *(layer(1 + i, blend="overlay") for i in range(n)))
    yield "layer, overlay in display values", lambda n: (
        layer(0), *(layer(1 + i, blend="overlay", is_display=True) for i in range(n)),
    )  # fmt: skip
    yield "group of one", lambda n: (
        layer(0),
        *(layer(10 + i, group=f"g{i}") for i in range(n)),
        *(layer(0, source=None, is_group=True)._replace(id=f"g{i}", source=None)
          for i in range(n)),
    )  # fmt: skip


def cost_ms(compositor: Compositor, ctx: Any, layers: tuple[LayerPlan, ...], repeats: int) -> float:
    """CPU milliseconds of a frame."""
    plan = Plan(0.0, 0, layers, {}, 1.0, np.zeros(0))
    best = float("inf")
    for _ in range(repeats + 1):  # the first one compiles
        begin = time.process_time()
        compositor.compose(plan, {})
        ctx.finish()
        best = min(best, 1000 * (time.process_time() - begin))
    return best


def drawn(repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds of one more of everything, by size."""
    found: dict[str, dict[str, float]] = {}
    ctx = open_context()
    for size in SIZES:
        compositor = Compositor(ctx, size)
        compositor.load("wave", WAVE)
        compositor.load("dim", DIM)
        row = found[f"{size[0]}x{size[1]}"] = {}
        for name, make in cases():
            least = cost_ms(compositor, ctx, make(1), repeats)
            most = cost_ms(compositor, ctx, make(1 + MANY), repeats)
            row[name] = round((most - least) / MANY, 3)
        compositor.close()
    return found


class Nothing:
    """Stands for any GL object, and does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.size, self.value = (16, 9), 0

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


class NoProgram(Nothing):
    """A program that knows its uniforms by their declarations."""

    def __init__(self, fragment_shader: str = "", **texts: str) -> None:
        super().__init__()
        self._kinds = {}
        for text in (fragment_shader, *texts.values()):
            for kind, name in re.findall(r"^\s*uniform (\w+) (\w+)\s*[;\[]", text, re.MULTILINE):
                self._kinds[name] = 0x8B5E if kind == "sampler2D" else 1

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __getitem__(self, name: str) -> Any:
        return SimpleNamespace(gl_type=self._kinds[name], value=0)


class NoContext(Nothing):
    """A context that draws nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: deque[Any] = deque()
        self.texture = self.texture_cube = self.framebuffer = Nothing
        self.vertex_array = self.buffer = self.texture3d = self.sampler = Nothing
        self.program = NoProgram
        self.info = {"GL_RENDERER": "llvmpipe", "GL_VENDOR": ""}


def python_us(repeats: int) -> dict[str, float]:
    """Microseconds that Python spends on one more of everything."""
    compositor = Compositor(NoContext(), (16, 9))  # type: ignore[arg-type]
    compositor.load("wave", WAVE)
    compositor.load("dim", DIM)

    def cost(layers: tuple[LayerPlan, ...]) -> float:
        plan, best = Plan(0.0, 0, layers, {}, 1.0, np.zeros(0)), float("inf")
        for _ in range(repeats):
            begin = time.thread_time()
            for _ in range(20):
                compositor.compose(plan, {})
            best = min(best, 1e6 * (time.thread_time() - begin) / 20)
        return best

    return {name: round((cost(make(1 + MANY)) - cost(make(1))) / MANY, 2) for name, make in cases()}


def measure(repeats: int) -> dict[str, Any]:
    return {"cpu_ms": drawn(repeats), "python_us": python_us(3 * repeats)}


def compared(tree: Path, repeats: int, rounds: int) -> dict[str, Any]:
    """Measure this version and another by turns; ratios of the smallest."""
    mine = Path(__file__).resolve().parents[1]
    found: dict[str, list[dict[str, float]]] = {"this": [], "that": []}
    for _ in range(rounds):
        for name, root in (("this", mine), ("that", tree)):
            command = [sys.executable, __file__, "--repeats", str(repeats)]
            done = subprocess.run(
                command, env={**os.environ, "PYTHONPATH": str(root)}, check=True,
                stdout=subprocess.PIPE,
            )  # fmt: skip
            one = json.loads(done.stdout)
            flat = {f"{size} {n}": v for size, row in one["cpu_ms"].items() for n, v in row.items()}
            found[name].append(flat | {f"python {n}": v for n, v in one["python_us"].items()})
    this, that = (
        {key: min(each[key] for each in listed) for key in listed[0]} for listed in found.values()
    )
    return {
        "this": this,
        "that": that,
        "ratio": {key: round(this[key] / that[key], 3) for key in that if that[key] > 0},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--against", type=Path, metavar="TREE")
    options = parser.parse_args()
    if options.against is None:
        found = measure(options.repeats)
    else:
        found = compared(options.against.resolve(), options.repeats, options.rounds)
    json.dump(found, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
