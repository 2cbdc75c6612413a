"""Links between the layers of a frame: what shaders see of others, and what lies in groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from engine.core.frame.plan import LayerPlan
from engine.core.show.layer import Layer


def seen_by(plan: LayerPlan, kind: str = "result") -> Iterator[tuple[str, str]]:
    """What the shaders of a layer see of layers: ``layer`` or ``result``, and an ID.

    Parameters
    ----------
    kind
        ``layer`` leaves out what its effects see.
    """
    for each in (plan.source, *(plan.effects if kind == "result" else ())):
        if each is not None and each.images:
            for image in each.images.values():
                of, _, name = image.partition(":")
                if name and of in ("layer", "result"):
                    yield of, name


def steps_back(image: str) -> int:
    """How many picture steps an image input looks back: 0 if it does not see the picture."""
    of, _, steps = image.partition(":")
    return 0 if of != "picture" else int(steps or 1)


def longest_look(plans: Iterable[LayerPlan]) -> int:
    """How many picture steps the shaders of some layers look back at most."""
    return max(
        (
            steps_back(image)
            for plan in plans
            for each in (plan.source, *plan.effects)
            if each is not None and each.images
            for image in each.images.values()
        ),
        default=0,
    )


def borrowed(
    plans: Iterable[LayerPlan], there: Sequence[LayerPlan] = (), is_kept: bool = False
) -> set[str]:
    """IDs of the layers whose generators' pixels are seen in some layers.

    Parameters
    ----------
    there
        All layers of the frame: what shaders see of them, and what lies in groups, counts as well.
    is_kept
        Whether layers with a history are there already, as the newest step left them.
    """
    waiting = [("result", plan) for plan in plans]
    planned = {plan.id for plan in there}
    found: set[str] = set()
    done: set[tuple[str, str]] = set()
    while waiting:
        kind, plan = waiting.pop()
        if plan.generator:
            found.add(plan.generator)
        wanted = set(seen_by(plan, kind)) - done
        done |= wanted
        found.update(name for of, name in wanted if of == "layer" and name not in planned)
        for each in there:
            is_inside = plan.is_group and each.group == plan.id
            if is_inside or ("result", each.id) in wanted:
                if not (is_kept and each.is_stepped):
                    waiting.append(("result", each))
            elif ("layer", each.id) in wanted:
                waiting.append(("layer", each))
    return found


def unseen(
    layers: Mapping[str, Layer],
    inside: Callable[[str], Iterable[Layer]],
    make: Callable[[Layer], LayerPlan],
    visible: Sequence[LayerPlan],
    others: Iterable[LayerPlan],
) -> tuple[LayerPlan, ...]:
    """Plan the layers that shaders see without their being visible, and what lies in such groups.

    Of a generator's own layer only its pixels are seen, which need no plan.

    Parameters
    ----------
    layers
        Every layer by ID.
    inside
        Layers that lie in a group and are neither transparent nor muted.
    make
        Plans a layer.
    visible, others
        Plans of the layers of the picture · of what else is drawn.

    Returns
    -------
    tuple of LayerPlan
        What is not seen for itself has no opacity.
    """
    shown = {plan.id for plan in visible}
    waiting, known, found = [*visible, *others], set(shown), []
    while waiting:
        plan = waiting.pop()
        more = [
            make(layers[name])._replace(opacity=0.0)
            for kind, name in seen_by(plan)
            if name not in known and (kind == "result" or layers[name].generator is None)
        ]
        if plan.is_group and plan.id not in shown:
            more += [make(each) for each in inside(plan.id) if each.id not in known]
        for each in more:
            if each.id not in known:
                known.add(each.id)
                found.append(each)
                waiting.append(each)
    return tuple(found)
