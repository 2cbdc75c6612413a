"""The model of both StyleGAN families: mapping, styles from latents, specs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

from engine.core.parameter import Parameter
from engine.core.show.generator import Request, Spec
from engine.generators import contract
from engine.generators.editing import bend_ops, bend_plan
from engine.generators.editing.edit_directions import EditDirections
from engine.generators.libraries import torch
from engine.generators.networks.mapping import Mapping as MappingNetwork
from engine.generators.networks.style_map import Size, refine
from engine.generators.stylegan import controls as family_controls
from engine.generators.stylegan import w_space
from engine.generators.stylegan.canvas import Canvas, picture_px
from engine.generators.stylegan.mixing import mix, mix_vividly, parameters, shares
from engine.models.network import Network
from engine.models.sidecars import directions


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a picture depends on, as tensors of shapes that never change.

    So a graph captured on a GPU once serves every picture.

    Parameters
    ----------
    latents
        All sources at every control point [shape=(S, K, z_dim)]; of a canvas in the space of
        styles these, one for all layers or one for each [shape=(S, 1 or num_ws, w_dim)].
    classes
        Weights of the classes, which sum to 1 [shape=(1, c_dim)].
    psi
        Truncation of each layer; 1 leaves it alone [shape=(num_ws,)].
    mix
        From the first source to the second, from there to the third, per layer
        [shape=(S - 1, num_ws)].
    more
        Of the family: strengths of noise, or the transform of the coordinates.
    bends
        What is done to features, see `bend_plan.table` [shape=(rows, 13)].
    edit
        What named directions do, packed [shape=(N,)], see `EditDirections.pack`.
    """

    latents: torch.Tensor
    classes: torch.Tensor
    psi: torch.Tensor
    mix: torch.Tensor
    more: torch.Tensor
    bends: torch.Tensor
    edit: torch.Tensor

    def tensors(self) -> list[torch.Tensor]:
        """All of them, in order."""
        return [getattr(self, field.name) for field in fields(self)]

    def to(self, device: str) -> Self:
        """Return the same on another device."""
        return type(self)(*(tensor.to(device) for tensor in self.tensors()))


@dataclass(frozen=True, slots=True)
class FamilyModel:
    """A network that styles steer; its families add the synthesis.

    `cpu_backend` is its compiled path on the CPU, where that serves this network.
    """

    family: ClassVar[str]
    mapping: MappingNetwork
    synthesis: Any
    cpu_backend: Any

    @property
    def num_ws(self) -> int:
        """How many styles a picture takes."""
        return self.mapping.num_ws

    @property
    def z_dim(self) -> int:
        """Length of a latent."""
        return self.mapping.z_dim

    @property
    def w_dim(self) -> int:
        """Length of a style."""
        return self.mapping.w_dim

    @property
    def c_dim(self) -> int:
        """How many classes there are, 0 for none."""
        return self.mapping.c_dim

    @property
    def edit_directions(self) -> EditDirections:
        """The directions that its styles can be moved along."""
        return self.mapping.edit_directions

    def map(self, z: torch.Tensor, c: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents to styles [shape=(N, w_dim)], see `networks.mapping.Mapping.map`."""
        return self.mapping.map(z, c)

    def truncate(
        self,
        w: torch.Tensor,
        psi: float | torch.Tensor = 1.0,
        cutoff: int | None = None,
        c: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Pull styles towards their mean, see `networks.mapping.Mapping.truncate`."""
        return self.mapping.truncate(w, psi, cutoff, c)

    def check(self, ws: torch.Tensor, noise_mode: str) -> None:
        """See to it that styles can be drawn.

        Raises
        ------
        ValueError
            If the noise mode is unknown or the styles do not fit.
        """
        if noise_mode not in ("const", "none"):
            raise ValueError(
                f"{self.family}: '{noise_mode:.40}' is no noise mode; say const or none"
            )
        size = self.w_dim + len(self.edit_directions.of("s"))
        if ws.ndim != 3 or tuple(ws.shape[1:]) != (self.num_ws, size):
            needed = f"(N, {self.num_ws}, {size})"
            raise ValueError(
                f"{self.family}: styles of shape {tuple(ws.shape)}; {needed} is needed"
            )

    @property
    def groups(self) -> tuple[str, ...]:
        """Group of each layer."""
        raise NotImplementedError

    @property
    def raw_size(self) -> Size:
        """Height and width of what the synthesis draws."""
        raise NotImplementedError

    def features(self, ws: torch.Tensor, width: float, *more: Any) -> torch.Tensor:
        """Return the last features before colours, no wider than `width` [shape=(N, C, H, W)].

        `more` is of the family, what bends, and the grid.
        """
        raise NotImplementedError

    def synthesize(self, ws: torch.Tensor, noise_mode: str = "const", *more: Any) -> torch.Tensor:
        """Draw styles as raw pictures [shape=(N, 3, H, W)]; `more` as for `features`."""
        raise NotImplementedError

    def styles(self, inputs: Inputs, canvas: Canvas) -> torch.Tensor:
        """Turn latents into styles [shape=(P, num_ws, Dw)], one per place of the canvas's grid.

        All sources are mapped, truncated and mixed, layer by layer, and moved along the named
        directions.
        """
        return self.edit_directions.move(self._mixed(inputs, canvas), inputs.edit, "w")

    def _mixed(self, inputs: Inputs, canvas: Canvas) -> torch.Tensor:
        latents = inputs.latents
        c = inputs.classes if self.c_dim else None
        if not canvas.is_mapped:
            ws = latents.expand(-1, self.num_ws, -1)
            return self._blended(ws[:, None], inputs, canvas, c)
        if canvas.control_points > 1:
            shape = (canvas.rows, canvas.points, canvas.closed)
            latents = torch.stack([refine(points, *shape) for points in latents])
        places = latents.shape[1]
        latents = self.edit_directions.move(latents, inputs.edit, "z")
        z = latents.flatten(0, 1)
        w = self.map(z, c if c is None else c.expand(len(z), -1))
        if canvas.space == "z+":
            ws = w.view(len(latents), 1, places, -1)[:, :, _rows(self.groups, w.device)]
        else:
            ws = w.view(len(latents), places, 1, -1).expand(-1, -1, self.num_ws, -1)
        return self._blended(ws, inputs, canvas, c)

    def _blended(
        self, ws: torch.Tensor, inputs: Inputs, canvas: Canvas, c: torch.Tensor | None
    ) -> torch.Tensor:
        """Truncate and mix the styles of all sources [shape=(S, P, num_ws, Dw)]."""
        count, places = ws.shape[:2]
        if canvas.vivid:
            mixed = mix_vividly(ws, inputs.mix, canvas.path)
            return self.truncate(mixed, inputs.psi, None, _for_all(c, places))
        flat = self.truncate(ws.flatten(0, 1), inputs.psi, None, _for_all(c, count * places))
        return mix(flat.view(ws.shape), inputs.mix)


@lru_cache(maxsize=8)
def _rows(groups: tuple[str, ...], device: torch.device) -> torch.Tensor:
    """Row of each layer's group [shape=(num_ws,)], kept on the device."""
    there = list(dict.fromkeys(groups))
    with torch.inference_mode(False):
        return torch.tensor([there.index(group) for group in groups], device=device)


def _for_all(c: torch.Tensor | None, count: int) -> torch.Tensor | None:
    return c if c is None else c.expand(count, -1)


def make_inputs(
    model: FamilyModel,
    spec: Spec,
    request: Request,
    controls: Mapping[str, float],
    more: torch.Tensor,
    bends: torch.Tensor,
) -> Inputs:
    """Turn a request into tensors in main memory.

    Parameters
    ----------
    controls
        The request's parameters, complete (`contract.complete`).
    more, bends
        See `Inputs`.

    Raises
    ------
    ValueError
        If the first latent is missing, or one has the wrong shape.
    """
    contract.check(spec, request)
    groups = model.groups
    return Inputs(
        torch.from_numpy(family_controls.latents(spec, request)),
        torch.from_numpy(family_controls.class_weights(model.c_dim, controls)),
        torch.tensor(family_controls.truncations(controls, groups)),
        torch.tensor(shares(controls, groups, len(family_controls.sources(spec)))),
        more,
        bends,
        torch.from_numpy(model.edit_directions.pack(controls)),
    )


def edit_directions_of(network: Network, canvas: Canvas, layers: Sequence[str]) -> EditDirections:
    """Read the named directions of a model, of those spaces that the canvas has.

    Raises
    ------
    ValueError
        If their file is damaged, or another model's.
    """
    shape = directions.shape_of(network, len(layers))
    found = directions.beside(Path(canvas.path), canvas.directions, shape)
    return EditDirections(tuple(d for d in found if d.space != "z" or canvas.is_mapped), shape)


def make_spec(
    network: Network,
    canvas: Canvas,
    layers: list[str],
    more: Sequence[Parameter],
    trained_px: tuple[int, int],
    groups: Sequence[str],
) -> Spec:
    """Make the spec of a model on a canvas: ports, styling and class parameters, bends, `more`."""
    plan = bend_plan.plan_of(network, canvas.path, canvas.bends, layers)
    more = [*more, *bend_ops.parameters(plan.bends)]
    more += edit_directions_of(network, canvas, layers).parameters
    size_px = picture_px(canvas, trained_px)
    more += parameters(canvas.sources, layers, family_controls.GROUPS)
    ports = w_space.ports(network, canvas, groups)
    return family_controls.describe(network, layers, more, size_px, ports)
