"""The mapping network: latents and classes to styles, and truncation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from engine.generators.editing.edit_directions import NO_EDITS, EditDirections
from engine.generators.libraries import torch
from engine.generators.networks.dense import Dense, Source, normalise, read_dense


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping network.

    Parameters
    ----------
    z_dim, c_dim, w_dim, num_ws
        Sizes; c_dim is 0 for a network without classes.
    layers
        Dense layers, in order.
    embed
        Takes class weights to an embedding; None without classes.
    table
        StyleGAN-XL: one row per class [shape=(c_dim, E)], read before `embed`.
    w_avg
        Mean style [shape=(w_dim,)]; StyleGAN-XL: one per class [shape=(c_dim, w_dim)].
    edit_directions
        Named directions of z, w and scales.
    """

    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    layers: tuple[Dense, ...]
    embed: Dense | None
    table: torch.Tensor | None
    w_avg: torch.Tensor
    edit_directions: EditDirections

    def map(self, z: torch.Tensor, c: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents [shape=(N, z_dim)] and class weights [shape=(N, c_dim)] to w.

        Class weights are one-hot, or a mixture that sums to 1. Returns [shape=(N, w_dim)].
        """
        x = normalise(z) if self.z_dim else z
        if self.embed is not None:
            y = self.embed(self._classes(z, c) if self.table is None else self._rows(z, c))
            x = torch.cat([x, normalise(y)], dim=1)
        for layer in self.layers:
            x = layer(x)
        return x

    def truncate(
        self,
        w: torch.Tensor,
        psi: float | torch.Tensor = 1.0,
        cutoff: int | None = None,
        c: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Pull styles towards their mean, ``w_avg + psi (w - w_avg)`` [shape=(N, num_ws, w_dim)].

        Parameters
        ----------
        w
            [shape=(N, w_dim)] or one per layer [shape=(N, num_ws, w_dim)].
        psi
            One number, or one per layer [shape=(num_ws,)].
        cutoff
            Only the first so many layers are truncated; None: all.
        c
            Class weights, where every class has its own mean.
        """
        ws = w if w.ndim == 3 else w[:, None].expand(-1, self.num_ws, -1)
        if isinstance(psi, float | int) and psi == 1:
            return ws
        factor = torch.as_tensor(psi, dtype=ws.dtype, device=ws.device).expand(self.num_ws)
        if cutoff is not None:
            factor = factor.clone()
            factor[cutoff:] = 1.0
        return torch.lerp(self._mean(ws, c), ws, factor[:, None])

    def _mean(self, ws: torch.Tensor, c: torch.Tensor | None) -> torch.Tensor:
        if self.w_avg.ndim == 1:
            return self.w_avg.expand_as(ws)
        return (self._classes(ws, c) @ self.w_avg)[:, None].expand_as(ws)

    def _classes(self, z: torch.Tensor, c: torch.Tensor | None) -> torch.Tensor:
        return z.new_zeros(len(z), self.c_dim) if c is None else c

    def _rows(self, z: torch.Tensor, c: torch.Tensor | None) -> torch.Tensor:
        assert self.table is not None
        return self._classes(z, c) @ self.table


def read_mapping(
    source: Source, num_ws: int, edit_directions: EditDirections = NO_EDITS, name: str = "mapping"
) -> Mapping:
    """Read the mapping network; sizes come from attributes or, where they lack, from shapes."""
    layers = []
    for index in count():
        if not source.has(f"{name}.fc{index}.weight"):
            break
        layers.append(read_dense(source, f"{name}.fc{index}"))
    if not layers:
        raise ValueError(f"the network lacks the tensor '{name}.fc0.weight'; it has no mapping")
    table, embed = None, None
    if source.has(f"{name}.embed_proj.weight"):
        table = source.tensor(f"{name}.embed.weight")
        embed = read_dense(source, f"{name}.embed_proj")
    elif source.has(f"{name}.embed.weight"):
        embed = read_dense(source, f"{name}.embed")
    classes = 0 if embed is None else table.shape[0] if table is not None else embed.weight.shape[1]
    w_dim = layers[-1].weight.shape[0]
    inputs = layers[0].weight.shape[1] - (embed.weight.shape[0] if embed is not None else 0)
    has_mean = source.has(f"{name}.w_avg")
    mean = source.tensor(f"{name}.w_avg") if has_mean else torch.zeros(w_dim, device=source.device)
    return Mapping(
        inputs, classes, w_dim, num_ws, tuple(layers), embed, table, mean, edit_directions
    )
