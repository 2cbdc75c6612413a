"""Pictures and features of the StyleGANs with gradients to their latents, by the plain path."""

from __future__ import annotations

from dataclasses import replace

from engine.core.show.generator import Request, Spec
from engine.generators.latents import Latents, stack_sources
from engine.generators.libraries import torch
from engine.generators.stylegan.controls import sources
from engine.generators.stylegan.drawing import Clock, Drawing
from engine.generators.stylegan.model import Inputs


class Differentiable:
    """What both StyleGANs offer beside `render`."""

    __slots__ = ()
    spec: Spec
    drawing: Drawing

    def warm_up(self, clock: Clock | None = None) -> None:
        """Prepare the faster path, see `Drawing.warm_up`."""
        self.drawing.warm_up(clock)

    def inputs(self, request: Request) -> Inputs:
        """Turn a request into tensors in main memory, see `model.make_inputs`."""
        raise NotImplementedError

    def draw(self, latents: Latents, request: Request) -> torch.Tensor:
        """Draw the picture of `render` with gradients to latents; others are the request's."""
        return self.drawing.trace(self._traced(latents, request), request.size_px)

    def features(self, latents: Latents, request: Request, px: int) -> torch.Tensor:
        """Return the last features before colours that are at most `px` wide [shape=(1, C, H, W)].

        They cover what the picture covers, and have gradients. Parameters as in `draw`.
        """
        return self.drawing.features(self._traced(latents, request), px)

    def _traced(self, latents: Latents, request: Request) -> Inputs:
        found = stack_sources(latents, request, [port.name for port in sources(self.spec)])
        return replace(self.inputs(request), latents=found.reshape(len(found), -1, found.shape[-1]))
