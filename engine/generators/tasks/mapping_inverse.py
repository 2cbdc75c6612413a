"""The inverse of a mapping network: the latent whose style lies nearest to a given one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core.latent.coordinates import Chart
from engine.core.rng import draw

if TYPE_CHECKING:
    import torch

SAMPLES, STEPS, RATE = 4096, 60, 0.05


def from_styles(model: Any, chart: Chart, n: torch.Tensor) -> torch.Tensor:
    """Find a latent z [shape=(z_dim,)] whose style has nearly the coordinates `n` [shape=(D,)].

    The nearest of seeded samples, then steps of Adam through the mapping network alone: as much
    work as a few pictures. Only the direction of z counts, and it comes with unit variance.
    """
    import torch

    wanted = torch.from_numpy(chart.decode(n.numpy().astype(np.float64))).float()
    # Differences of styles count as they show: by their spread in P, not whitened.
    z = torch.from_numpy(
        draw(0, "zsearch", 0, SAMPLES * model.z_dim).reshape(SAMPLES, -1).astype(np.float32)
    )
    where = model.mapping.w_avg.device
    wanted = wanted.to(where)
    with torch.no_grad():
        far = (model.map(z.to(where)) - wanted).square().sum(1)
        z = z[int(far.argmin())][None].clone()
    z = z.requires_grad_(True)
    adam = torch.optim.Adam([z], RATE)
    with torch.enable_grad():
        for _ in range(STEPS):
            adam.zero_grad()
            (model.map(z.to(where)) - wanted).square().sum().backward()
            adam.step()
    with torch.no_grad():
        found: torch.Tensor = (z * z.square().mean().rsqrt())[0]
    return found.detach()
