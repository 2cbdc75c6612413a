"""Image inputs of a show's generators: what each one sees, how late, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.core.show.generator import ImageInput, Port, View
from engine.core.show.layer import Layer
from engine.core.show.show import Show
from engine.documents.errors import within
from engine.documents.schema import GeneratorTable, ImageTable
from engine.generators.host.messages import MAX_REQUEST_BYTES

MOST_DELAY = 600
"""Picture steps that a show may look back: ten seconds at 60 Hz."""


MOST_BYTES = 1 << 27
"""Of the pictures that one image port looks back over."""


_REST_BYTES = 128 * 1024
"""Of a request, for latents and everything else."""


def bind_ports(layers: tuple[Layer, ...], place: int, table: GeneratorTable | None) -> Layer:
    """Resolve what the image ports of a layer's generator see.

    Raises
    ------
    ValueError
        ``layers[PLACE].generator.images.PORT: what is wrong and what is allowed``.
    """
    layer = layers[place]
    generator = layer.generator
    if generator is None or table is None or not table.images:
        return layer
    ports = {port.name: port for port in generator.spec.ports if port.geometry == "image"}
    with within(f"layers[{place}].generator.images"):
        inputs = tuple(_image_inputs(ports, table, [other.id for other in layers]))
        size = sum(3 * width * height for _, (_, (width, height)), _ in inputs)
        if size > MAX_REQUEST_BYTES - _REST_BYTES:
            raise ValueError(
                f": the ports {', '.join(i.port for i in inputs)} take {_mb(size)} together, and "
                f"{_mb(MAX_REQUEST_BYTES - _REST_BYTES)} go to a generator at once; use one "
                "that is made for smaller pictures"
            )
    return replace(layer, generator=replace(generator, image_inputs=inputs))


def unrepeatable(show: Show) -> list[str]:
    """Say which layers and keys a film may not have, a sentence each."""
    unfound = [
        f"{path.name}: {name} has no latent yet; a film has this key only where a take found it, "
        f"or with {name}.latent.npz beside it, which 'latent-cinema invert' writes"
        for path in show.paths
        for name in path.pictures
    ]
    return unfound + [
        f"layer {layer.id}: what a {layer.generator.kind} saw is not in a take; "
        "the film shows nothing of it"
        for layer in show.layers
        if layer.generator is not None and layer.generator.spec.live_only
    ]


def _image_inputs(
    ports: dict[str, Port], table: GeneratorTable, ids: list[str]
) -> Iterator[ImageInput]:
    for name, entry in table.images.items():
        given = entry if isinstance(entry, ImageTable) else ImageTable(of=entry)
        if name not in ports:
            there = ", ".join(ports) or "none: it sees no pictures"
            raise ValueError(f": '{name}' is no image port of {table.kind}; there are: {there}")
        if given.of != "picture" and given.of not in [f"layer:{x}" for x in ids]:
            raise ValueError(
                f".{name}: '{given.of}' is not known; allowed are: "
                f"picture, {', '.join('layer:' + x for x in ids)}"
            )
        if not 1 <= given.delay_steps <= MOST_DELAY:
            raise ValueError(
                f".{name}.delay_steps: {given.delay_steps} is outside 1 to {MOST_DELAY} "
                "picture steps"
            )
        _, height, width = ports[name].shape
        if (size := 3 * width * height * given.delay_steps) > MOST_BYTES:
            raise ValueError(
                f".{name}.delay_steps: {given.delay_steps} pictures of {width} x {height} take "
                f"{_mb(size)}, more than {_mb(MOST_BYTES)}; choose a shorter delay"
            )
        yield ImageInput(name, View(given.of, (width, height)), given.delay_steps)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
