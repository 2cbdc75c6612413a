"""The plan of a frame or of a look-ahead, sampled from a state at a time. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.colour.grade import REST, Grade
from engine.core.frame import decks
from engine.core.frame.date import date_at
from engine.core.frame.layers import (
    STEP_SLACK,
    Moment,
    layer_plan,
    master_chain,
    members,
    visible_layers,
)
from engine.core.frame.lettering import letterings
from engine.core.frame.links import borrowed, longest_look, unseen
from engine.core.frame.now import now_at, unfrozen_at
from engine.core.frame.plan import LayerPlan, Plan
from engine.core.frame.values import effective
from engine.core.path.model import Now
from engine.core.show.constants import Asked
from engine.core.show.controls import Colour
from engine.core.show.generator import Request, View
from engine.core.show.layer import Layer
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.track.track import clock
from engine.core.trajectory.chain import coordinates, latent


def step_at(show: Show, state: State, seconds: float) -> int:
    """Index of the newest picture step at show time `seconds`."""
    return _step(show, unfrozen_at(show, state, seconds))


def _step(show: Show, unfrozen_s: float) -> int:
    return math.floor(unfrozen_s * show.constants.picture_hz + STEP_SLACK)


def sample(show: Show, state: State, seconds: float, seen: int | None = None) -> Plan:
    """Make the plan of one frame.

    Parameters
    ----------
    state
        At the newest tick that is not later than `seconds` (or an older one, to look ahead).
    seconds
        Show time of the frame.
    seen
        Newest picture step that the frame before has seen; None: the one before this frame's.

    Returns
    -------
    Plan
        With every parameter, visible layer and latent exactly at `seconds`.
    """
    return _sample(show, state, seconds, seen, is_hidden=False)


def preview(show: Show, state: State, seconds: float, seen: int | None = None) -> Plan | None:
    """Plan the deck that is not on air as if it were, without the master; None: no decks."""
    if show.decks is None:
        return None
    plan = _sample(show, state, seconds, seen, is_hidden=True)
    views = tuple(view for view in plan.views if view.of != "picture")  # the picture is another one
    return replace(plan, master=1.0, grade=REST, is_held=False, views=views)


def _sample(show: Show, state: State, seconds: float, seen: int | None, is_hidden: bool) -> Plan:
    array = effective(show, state, seconds)
    now = now_at(show, state, seconds, array.tolist())
    values = now.values
    step = _step(show, now.unfrozen_s)
    before = step - 1 if seen is None else min(seen, step - 1)
    date, sound = date_at(show, state, seconds), show.constants.sound
    moment = Moment(clock(show.track, values, now.unfrozen_s), step, before, date)
    make = partial(layer_plan, show, state, values=values, moment=moment)
    visible, mix = visible_layers(show, values), None
    if is_hidden:
        visible = decks.hidden(show, state, visible)
    elif show.decks is not None:
        visible, bounds = decks.on_air(show, values, visible)
        mix = decks.mix(show, state, values, moment, bounds)
    plans = tuple([make(layer) for layer in visible])
    if show.decks is not None:
        plans = decks.wired(plans, decks.serving(show, state, values))
    chain = () if is_hidden else master_chain(show, state, values, moment)
    others = chain if mix is None or mix.between is None else (mix.between, *chain)
    used = borrowed((*plans, *others))
    hidden: tuple[LayerPlan, ...] = ()
    if show.constants.is_linked:
        find = partial(unseen, show.constants.layers, partial(members, show, values), make)
        hidden = find(plans, others)
        used |= borrowed((*plans, *others), (*plans, *hidden))
    views, watched = _watch(show, plans, make, used)
    if show.constants.is_linked and watched:
        hidden = find(plans, (*watched, *others))
        used |= borrowed(watched, (*plans, *hidden))
        drawn = {plan.id for plan in hidden if plan.is_stepped}
        watched = tuple(plan for plan in watched if plan.id not in drawn)
    back = longest_look((*plans, *watched, *hidden, *others))
    master = show.master
    return Plan(
        seconds=seconds,
        tick=state.tick,
        layers=plans,
        requests=_requests(show, state, now, seconds, used),
        master=0.0 if values[master.blackout] >= 0.5 else values[master.brightness],
        values=array,
        reads_picture=back > 0 or any(view.of == "picture" for view in views),
        picture_steps=max(back, 1),
        step=step,
        views=views,
        watched=watched,
        master_chain=chain,
        heard_s=float(state.signals[sound]) if sound >= 0 else 0.0,
        hidden=hidden,
        decks=mix,
        is_held=values[master.hold] >= 0.5,
        grade=_grade(master.colour, values),
        letterings=letterings(show, state, values) if show.constants.written else (),
        limits_flashes=values[master.flash_limiter] >= 0.5,
    )


def _grade(colour: Colour, values: Sequence[float]) -> Grade:
    exposure, temperature, tint, contrast, saturation, tone_map, mix = map(
        values.__getitem__, colour.places
    )
    return Grade(
        exposure, temperature, tint, contrast, saturation, int(tone_map), mix,
        colour.lut, colour.is_blue,
    )  # fmt: skip


def _watch(
    show: Show, plans: Sequence[LayerPlan], make: Callable[[Layer], LayerPlan], used: set[str]
) -> tuple[tuple[View, ...], tuple[LayerPlan, ...]]:
    """Find what the image ports of the used generators see, and the layers drawn for them.

    Generators that these need join `used`. A visible layer with a history is drawn anyway.
    """
    image_inputs = show.constants.image_inputs
    if not image_inputs:
        return (), ()
    sizes: dict[str, list[tuple[int, int]]] = {}
    seen = {plan.id: plan for plan in plans}
    waiting = sorted(used & image_inputs.keys())
    asked = set(waiting)
    while waiting:
        for _, view, _ in image_inputs[waiting.pop()]:
            of = view.of.removeprefix("layer:")
            if view.of not in sizes and view.of != "picture":
                if of not in seen:
                    seen[of] = make(show.constants.layers[of])
                used |= borrowed([seen[of]])
                more = (used & image_inputs.keys()) - asked
                asked |= more
                waiting += sorted(more)
            sizes.setdefault(view.of, []).append(view.size_px)
    visible = {plan.id for plan in plans if plan.is_stepped}
    return (
        tuple(View(of, size) for of in sorted(sizes) for size in sorted(set(sizes[of]))),
        tuple(
            seen[of[6:]]
            if seen[of[6:]].is_group
            else seen[of[6:]]._replace(cover_px=_cover(sizes[of]))
            for of in sorted(sizes)
            if of != "picture" and of[6:] not in visible
        ),
    )


def _cover(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def requests_at(
    show: Show, state: State, seconds: float, layers: Collection[str]
) -> dict[str, Request]:
    """Ask what the named layers' generators would be asked at `seconds`: the look ahead.

    Of one layer only what reaches it is worked out.
    """
    is_one = len(layers) == 1 and not (show.decks and show.decks.pairs)
    reach = show.constants.reach[next(iter(layers))] if is_one else None
    now = now_at(show, state, seconds, effective(show, state, seconds, reach).tolist())
    return _requests(show, state, now, seconds, layers)


def latents(
    show: Show, state: State, seconds: float, values: Sequence[float] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Latents of every trajectory at `seconds`, by address ``/layer/ID/generator/PORT``.

    Where a trajectory moves in coordinates of its own, those too: ``/layer/ID/path/coordinates``.

    Parameters
    ----------
    values
        Effective ones, if they are known.
    """
    now = now_at(show, state, seconds, values or effective(show, state, seconds).tolist())
    found = {
        f"/layer/{asked.layer}/generator/{port}": each
        for asked in show.constants.asked
        for port, each in _drawn(show, state, now, asked, None)[0].items()
    }
    for path, path_state in zip(show.constants.paths, state.paths, strict=True):
        if path.chart is not None:
            z = coordinates(path, path_state, now)
            found[f"{path.name}/coordinates"] = z.astype(np.float32)
    return found


def _drawn(
    show: Show, state: State, now: Now, asked: Asked, serving: decks.Serving | None
) -> tuple[dict[str, NDArray[np.float32]], dict[str, float]]:
    """Latents and parameters that a generator draws; its own, unless it serves another layer."""
    if serving is not None and (serving.b or serving.a != asked.layer):
        of = {each.layer: each for each in show.constants.asked}
        if serving.b:
            return decks.between(show, state, now, (of[serving.a], of[serving.b]), serving.part)
        asked = of[serving.a]
    found = {}
    for i, (path, shape) in enumerate(zip(asked.paths, asked.shapes, strict=True), asked.first):
        asking = latent(path, state.paths[i], now).astype(np.float32)
        found[path.port] = asking if asking.shape == shape else asking.reshape(shape)
    return found, {name: now.values[place] for name, place in asked.places}


def _requests(
    show: Show, state: State, now: Now, seconds: float, used: Collection[str]
) -> dict[str, Request]:
    requests: dict[str, Request] = {}
    served = {} if show.decks is None else decks.serving(show, state, now.values)
    for asked in show.constants.asked:
        if asked.layer not in used:
            continue
        found, controls = _drawn(show, state, now, asked, served.get(asked.layer))
        if "truncation" in controls:
            controls["truncation"] *= now.values[show.master.truncation]
        requests[asked.layer] = Request(
            seconds=seconds,
            latents=found,
            parameters=controls,
            size_px=asked.size_px,
            aspect=asked.aspect,
        )
    return requests
