"""A latent map's examples, in the coordinates of a generator's port."""

from __future__ import annotations

import numpy as np

from engine.core.latent.examples import Examples
from engine.core.show.generator import Port
from engine.models.latent_file import check_model
from engine.models.sidecars import latent_map


def read_atlas(data: bytes, name: str, port: Port, model: str) -> Examples:
    """Read a map's examples for a port, in its coordinates.

    Parameters
    ----------
    model
        File of the generator's model, or empty.

    Raises
    ------
    ValueError
        If it is no map, or one of other latents or of another model.
    """
    found = latent_map.read(data, name)
    rows = port.shape[0] if len(port.shape) > 1 else 1
    size = port.shape[-1]
    latents = found.latents.astype(np.float64)
    shape = latents.shape[1:]
    if shape not in ((size,), (rows, size)):
        raise ValueError(
            f"map: {name} holds latents of shape {shape}, and the port '{port.name}' takes "
            f"{port.shape}: make the map with this model"
        )
    check_model(str(found.about.get("model", "")), model, f"map: {name}")
    if latents.ndim == 2:
        latents = np.repeat(latents[:, None], rows, axis=1)
    if port.chart is not None:
        latents = port.chart.encode(latents)
    return Examples(found.places.astype(np.float64), latents)
