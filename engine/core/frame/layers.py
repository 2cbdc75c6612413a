"""Layers of one frame: their shaders with inputs, in order, and the master's over them all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.core.frame.plan import DECKS, MASTER, LayerPlan, Pass, Uniform
from engine.core.show.layer import BLENDS, WRAP_S, Effect, Input, Layer
from engine.core.show.show import Show
from engine.core.show.state import State

STEP_SLACK = 1e-6
"""Of a picture step: n / fps in float64 must not fall just short of its own step."""


class Moment(NamedTuple):
    """Seconds of motion, the newest picture step, and the newest one that was seen before it."""

    motion_s: float
    step: int
    seen: int


def layer_plan(
    show: Show, state: State, layer: Layer, values: Sequence[float], moment: Moment
) -> LayerPlan:
    """Plan a layer; `values` are the effective ones of every parameter."""
    active = [e for e in layer.effects if e.mix < 0 or values[e.mix] > 0.0]
    return LayerPlan(
        id=layer.id,
        generator=layer.uses,
        source=_pass(show, state, layer.id, layer.source, values, moment) if layer.source else None,
        effects=tuple(_pass(show, state, layer.id, e, values, moment) for e in active),
        blend=layer.blend if layer.blend in BLENDS else "normal",
        opacity=values[layer.opacity],
        aspect=layer.aspect or show.size_px[0] / show.size_px[1],
        scale=values[layer.scale],
        is_stepped=_is_stepped((layer.source, *active)),
    )


def _is_stepped(effects: Iterable[Effect | None]) -> bool:
    return any(e and (e.has_history or "picture" in e.images.values()) for e in effects)


def master_chain(
    show: Show, state: State, values: Sequence[float], moment: Moment
) -> tuple[LayerPlan, ...]:
    """The master's effects that are not bypassed, as one layer over the whole canvas."""
    active = [e for e in show.master.effects if values[e.mix] > 0.0]
    if not active:
        return ()
    passes = tuple(_pass(show, state, MASTER, e, values, moment) for e in active)
    aspect = show.size_px[0] / show.size_px[1]
    return (LayerPlan(MASTER, None, None, passes, "normal", 1.0, aspect, 1.0, _is_stepped(active)),)


def deck_pass(
    show: Show, state: State, effect: Effect, values: Sequence[float], moment: Moment
) -> Pass:
    """Plan the shader that leads from one deck to the other."""
    return _pass(show, state, DECKS, effect, values, moment)


def _pass(
    show: Show,
    state: State,
    owner: str,
    effect: Effect,
    values: Sequence[float],
    moment: Moment,
) -> Pass:
    return Pass(
        key=f"{owner}/{effect.id}",
        shader=effect.shader,
        uniforms={
            i.name: values[i.places[0]]
            if i.type == "float"
            else _uniform(show, state, i, values, moment)
            for i in effect.inputs
        },
        images=effect.images,
        seconds=moment.motion_s % WRAP_S,
        step=moment.step % (1 << 24),
        mix=values[effect.mix] if effect.mix >= 0 else 1.0,
    )


def _uniform(
    show: Show, state: State, entry: Input, values: Sequence[float], moment: Moment
) -> Uniform:
    """Value of an ISF input in the type that its shader declares."""
    place = entry.places[0]
    if entry.type in ("color", "point2D"):
        return tuple(values[p] for p in entry.places)
    if entry.type == "bool":
        return values[place] >= 0.5
    if entry.type == "long":
        index = int(values[place])
        return entry.values[index] if entry.values else index
    if entry.type == "event":
        tick = state.fired.get(place)
        if tick is None:
            return False
        first = tick / show.constants.control_hz * show.constants.picture_hz
        return moment.seen < math.ceil(first - STEP_SLACK) <= moment.step
    return values[place]
