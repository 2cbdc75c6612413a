"""The task ``drag``: a point of the picture is dragged, one optimisation step a slice.

It has no end of its own. Sent again, it goes on with another goal, and along with a path that moves
by itself; it ends when it is ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engine.core.latent.coordinates import Chart
from engine.core.show.generator import Port, Request, Spec
from engine.generators.host.tasks import Result, Task
from engine.generators.libraries import torch
from engine.generators.tasks.point_tracking import Point, begin_tracking, step

ANY_SIZE_PX = 64
MOST_PX, LEAST_PX = 64, 32


class Drag:
    """One hand on one generator.

    Parameters
    ----------
    task
        Arrays: ``coordinates`` of the port without the hand, ``pull``, their displacement so far
        [shape=port.shape]. Options: ``port``, the goal ``x`` and ``y`` in widths and heights of the
        picture from its upper left corner (at first the point that is grabbed). Its request is that
        of the picture.

    Raises
    ------
    ValueError
        If the generator cannot be dragged.
    """

    def __init__(self, generator: Any, task: Task) -> None:
        spec, name = generator.spec, str(task.options["port"])
        port = next((port for port in spec.ports if port.name == name), None)
        if port is None or not (spec.differentiable and hasattr(generator, "features")):
            raise ValueError(
                f"the generator {spec.name} has nothing that can be dragged by '{name}'"
            )
        self._generator, self._port = generator, port
        self._px = ANY_SIZE_PX
        if not spec.any_size:  # an eighth of its width: where things are, not yet their grain
            width = round(spec.max_px * spec.aspect**0.5)
            self._px = min(max(width // 8, LEAST_PX), MOST_PX)
        self._decode = _decoder(self._port.chart)
        self.receive(task)
        pull = torch.tensor(task.arrays["pull"], dtype=torch.float32)
        self._tracked = begin_tracking(pull.reshape(self._z.shape), self._goal)

    def receive(self, task: Task) -> None:
        """Go on towards another goal, from where the path is by now."""
        options = task.options
        self._goal: Point = (float(options["x"]), float(options["y"]))
        assert task.request is not None
        self._request = _at_rest(task.request, self._generator.spec, self._port)
        z = torch.tensor(task.arrays["coordinates"], dtype=torch.float32)
        self._z = z.reshape(-1, z.shape[-1])

    def __iter__(self) -> Iterator[Result | None]:
        return self

    def __next__(self) -> Result:
        """Make a step: ``pull``, the displacement [shape=port.shape], and where the feature is."""
        port = self._port

        def features(n: Any) -> Any:
            latents = {port.name: self._decode(n).reshape(port.shape)}
            return self._generator.features(latents, self._request, self._px)[0]

        tracked = self._tracked = step(features, self._z, self._tracked, self._goal)
        found = tracked.displacement.reshape(port.shape).cpu().numpy().astype(np.float32)
        options = {"x": tracked.point[0], "y": tracked.point[1], "left_px": tracked.left}
        return Result({"pull": found}, options, done=False)


def start(generator: Any, task: Task) -> Iterator[Result | None]:
    """Take a point of the picture in hand; see `Drag`."""
    return Drag(generator, task)


def _decoder(chart: Chart | None) -> Any:
    """From coordinates to what the port takes, with gradients; see `latent.coordinates`."""
    if chart is None:
        return lambda n: n
    mean = torch.tensor(chart.mean, dtype=torch.float32)
    back = torch.tensor(chart.back.T, dtype=torch.float32)

    def decode(n: torch.Tensor) -> torch.Tensor:
        p = mean + n @ back
        return torch.where(p >= 0.0, p, chart.slope * p)

    return decode


def _at_rest(request: Request, spec: Spec, port: Port) -> Request:
    """Let chance detail stand still, whatever the latent: it would hold the feature back."""
    still = {p.address: 0.0 for p in spec.parameters if p.address.startswith("noise")}
    none = np.zeros(port.shape, np.float32)  # what is drawn instead has gradients
    return replace(
        request,
        latents={**request.latents, port.name: none},
        parameters={**request.parameters, **still},
    )
