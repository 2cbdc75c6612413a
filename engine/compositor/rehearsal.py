"""Rehearsal: what a show can reach by its live addresses is drawn once in a child process.

A program that is drawn for the first time on a machine costs tens of milliseconds, and a few from
then on in every process: drivers keep on disk what they compile. The child has time for it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

import moderngl
import numpy as np

from engine.compositor.canvas.blend import FIXED
from engine.compositor.compose import Compositor
from engine.compositor.enlarge import Pair
from engine.compositor.gl.context import open_context
from engine.compositor.gl.program import ShaderError
from engine.compositor.gl.surface import make_surface, release
from engine.core.colour.grade import TONE_MAPS, Grade
from engine.core.frame.plan import DeckMix, LayerPlan, Pass, Plan
from engine.core.isf.header import Header
from engine.core.show.layer import BLENDS
from engine.core.show.placing import Placing
from engine.system.limits import end_after
from engine.system.priority import lower_process
from engine.system.spawn import launch_with_pipe

AFTER_S = 5.0
"""Seconds after the start of a performance: whoever only looks in does not pay for it."""
_LIMIT_S = 120.0
_SIZE = (72, 40)  # for sizes that are no powers of two Mesa has programs of their own
_GROUND = '/*{"ISFVSN": "2"}*/ void main() { gl_FragColor = vec4(isf_FragNormCoord, 0.5, 1.0); }'
_SAME = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/'
    "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage); }"
)
_Kind = tuple[tuple[int, int], str]
_PICTURES: tuple[_Kind, ...] = (((16, 16), "f2"), ((40, 22), "f1"), ((64, 64), "f2"))
_TURNED = Placing(rotation=20.0)
_Changes = Sequence[Mapping[str, Any]]
_MOVES: _Changes = (
    {"placing": _TURNED}, {"placing": _TURNED, "scale": 0.6}, {"scale": 0.3},
    *({"placing": Placing(tile=float(tile)), "scale": scale}
      for tile, scale in product((1, 2), (1.2, 0.6))),
)  # fmt: skip


class Rehearsal:
    """Runs the child; `tend` is called every frame and never waits."""

    def __init__(self) -> None:
        self._child: BaseProcess | None = None
        self._is_due = True

    def tend(
        self, playing_s: float, shaders: Mapping[str, str], unfit: Container[str] = ()
    ) -> None:
        """Start it when the performance has gone on for a while, with the shaders that are fit."""
        if self._is_due and playing_s >= AFTER_S:
            self._is_due = False
            fit = {name: text for name, text in shaders.items() if name not in unfit}
            self._child, pipe = launch_with_pipe(_run, name="latent-cinema-rehearsal")
            # More than a pipe holds waits until the child reads: no frame waits with it.
            Thread(target=_hand_over, args=(pipe, fit), name="rehearsal", daemon=True).start()

    def close(self) -> None:
        """End it."""
        if self._child is not None:
            self._child.kill()
            self._child.join(0.2)


def _hand_over(pipe: Connection, shaders: Mapping[str, str]) -> None:
    with suppress(OSError), pipe:  # it may have ended
        pipe.send(shaders)


def _run(pipe: Connection) -> None:
    lower_process(19)
    end_after(_LIMIT_S)
    with suppress(OSError, EOFError):
        rehearse(open_context(), pipe.recv())


def rehearse(ctx: moderngl.Context, shaders: Mapping[str, str]) -> None:
    """Draw what shows can reach, likely things first, then these shaders in every way."""
    for kind in (None, *_PICTURES):
        _draw(ctx, shaders if kind is None else {}, kind)


def _draw(ctx: moderngl.Context, shaders: Mapping[str, str], kind: _Kind | None) -> None:
    """Draw it all, or what there is to draw of one kind of pictures."""
    compositor = Compositor(ctx, _SIZE)
    compositor.load("/ground", _GROUND)
    compositor.load("/same", _SAME)
    surface = make_surface(ctx, *(kind or _PICTURES[0]))
    for number, plan in enumerate(_generated() if kind else (*_scenes(), *_finishings()), 1):
        numbers = 2 * number, 2 * number + 1
        ways = {str(way): Pair(surface.texture, surface.texture, 0.5, numbers, way)
                for way in (False, True)}  # fmt: skip
        for _ in range(2):  # a picture that comes again is drawn in another way
            compositor.compose(plan, ways)
    for name, text in shaders.items():
        with suppress(ShaderError):
            for layer in _ways(name, compositor.load(name, text)):
                compositor.compose(_plan(_layer("u"), layer), {})
    compositor.close()
    release(surface)


def _layer(name: str, **changes: Any) -> LayerPlan:
    source = Pass(f"{name}/source", "/ground", {})
    aspect = _SIZE[0] / _SIZE[1]
    plain = LayerPlan(name, None, source, (), "normal", 0.5, aspect, 1.0, False)
    return plain._replace(**changes)


def _plan(*layers: LayerPlan, **changes: Any) -> Plan:
    return Plan(0.0, 0, layers, {}, 1.0, np.zeros(0), **changes)


def _scenes() -> Iterator[Plan]:
    ground = _layer("u")
    faded = (Pass("a/0", "/same", {}, mix=0.5),)
    ways: _Changes = ({}, {"aspect": 1.7}, {"effects": faded}, *_MOVES)
    yield _plan(ground, _layer("a"), decks=DeckMix(0, 1, 2, (0.5, 0.5), (0.5, 0.5)))
    for blend in FIXED:
        for more in ways:
            yield _plan(ground, _layer("a", blend=blend, **more))
        yield _plan(ground, _layer("b", group="a"), _layer("a", is_group=True, blend=blend))
    for is_display, blend in product((False, True), BLENDS):
        for more in ({}, *_MOVES[:2]):
            yield _plan(ground, _layer("a", blend=blend, is_display=is_display, **more))


def _generated() -> Iterator[Plan]:
    for blend, way in product(FIXED, (False, True)):
        yield _plan(_layer("u"), _layer("a", generator=str(way), blend=blend))
        yield _plan(_layer("a", generator=str(way), placing=_TURNED))


def _finishings() -> Iterator[Plan]:
    ground = _layer("u"), _layer("a")
    grades = [Grade()]
    for contrast, tone_map in product((1.0, 1.1), range(len(TONE_MAPS))):
        grades.append(Grade(exposure=0.1, contrast=contrast, tone_map=tone_map))
    for grade, is_limited in product(grades, (False, True)):
        yield _plan(*ground, grade=grade, limits_flashes=is_limited)


def _ways(name: str, header: Header) -> Iterator[LayerPlan]:
    """Every way in which the last pass of a shader may end on the canvas."""
    item = Pass("a/shader", name, {})
    is_effect = any(each.name == "inputImage" for each in header.inputs)
    own: dict[str, Any] = {"effects": (item,)} if is_effect else {"source": item}
    changes: _Changes = (*({"blend": each} for each in FIXED), {"placing": _TURNED})
    for each in changes:
        yield _layer("a", **own, **each)
