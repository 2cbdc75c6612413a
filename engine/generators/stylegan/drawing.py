"""Rendering by the fastest path that is ready; the plain one serves meanwhile.

On the CPU that path is loops which Numba compiles (a minute when its cache is cold); for networks
that they do not serve it is `torch.compile`, where a C++ compiler is here and it is faster. On CUDA
it is a captured graph, of fused kernels where they serve. None of them is waited for live; a film
waits for the first two, so that each of its frames goes the same way.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.generators.contract import Signed
from engine.generators.editing.bend import BendRuntime
from engine.generators.libraries import functional, torch
from engine.generators.networks.modulation import Bend
from engine.generators.stylegan.canvas import Canvas, picture_px
from engine.generators.stylegan.controls import is_ready, present
from engine.generators.stylegan.model import FamilyModel, Inputs

if TYPE_CHECKING:
    from engine.generators.networks.style_map import Grid

# From styles, the family's own input and what bends features to a raw picture (1, 3, H, W).
Synthesize = Callable[["torch.Tensor", "torch.Tensor", "Bend | None"], "torch.Tensor"]
Clock = Callable[[], float]
ROUNDS = 3  # of drawing, to find out which path is faster


class Drawing:
    """Draws what is asked of one network.

    Parameters
    ----------
    trained_px
        Width and height of the picture that was trained.
    rest
        The family's own input at rest, see `model.Inputs`; in main memory.
    """

    def __init__(
        self,
        model: FamilyModel,
        canvas: Canvas,
        trained_px: tuple[int, int],
        device: str,
        rest: torch.Tensor,
        bends: BendRuntime,
    ) -> None:
        self.path = "plain"
        self._model = model
        self._canvas = canvas
        self._trained_px = trained_px
        self._device = device
        self._plain = partial(_synthesize, replace(model, cpu_backend=None), canvas.grid)
        self._synthesize: Synthesize = self._plain
        self._compiled = partial(_synthesize, model, canvas.grid) if model.cpu_backend else None
        serves = device.startswith("cuda") and canvas.grid is None and not canvas.bends
        self._fused = partial(_fuse, model, device) if serves else None
        self.rest = rest
        self.bends = bends
        self._graph: Callable[[Inputs], torch.Tensor] | None = None

    def draw(self, inputs: Inputs, size_px: tuple[int, int]) -> torch.Tensor:
        """Draw inputs of main memory [shape=(1, 3, H, W)] in 0..1, no larger than `size_px`."""
        return self._fit(self._draw(inputs), size_px)

    def render(self, inputs: Inputs, size_px: tuple[int, int]) -> torch.Tensor | Signed:
        """Draw as `draw`; on a GPU a picture of the right size is left to be finished."""
        raw = self._cut(self._draw(inputs))
        if raw.device.type != "cpu" and is_ready(raw, size_px):
            return Signed(raw)
        return present(raw, size_px)

    def _draw(self, inputs: Inputs) -> torch.Tensor:
        graph = self._graph
        return graph(inputs) if graph else self._raw(inputs.to(self._device))

    def _raw(self, inputs: Inputs) -> torch.Tensor:
        ws = self._model.styles(inputs, self._canvas)
        return self._synthesize(ws, inputs.more, self.bends.bend(inputs.bends))

    def _fit(self, picture: torch.Tensor, size_px: tuple[int, int]) -> torch.Tensor:
        return present(self._cut(picture), size_px)

    def _cut(self, picture: torch.Tensor) -> torch.Tensor:
        """Cut what the start's whole columns have too much, evenly."""
        width, height = picture_px(self._canvas, self._trained_px)
        left, top = (picture.shape[3] - width) // 2, (picture.shape[2] - height) // 2
        return picture[:, :, top : top + height, left : left + width]

    def trace(self, inputs: Inputs, size_px: tuple[int, int]) -> torch.Tensor:
        """Draw by the plain path, which has gradients; parameters as in `draw`."""
        inputs = inputs.to(self._device)
        ws = self._model.styles(inputs, self._canvas)
        return self._fit(self._plain(ws, inputs.more, self.bends.bend(inputs.bends)), size_px)

    def features(self, inputs: Inputs, px: int) -> torch.Tensor:
        """Return features at most `px` wide that cover the picture, see `FamilyModel.features`."""
        inputs = inputs.to(self._device)
        ws = self._model.styles(inputs, self._canvas)
        bend = self.bends.bend(inputs.bends)
        x = self._model.features(ws, px, inputs.more, bend, self._canvas.grid)
        width, height = picture_px(self._canvas, self._trained_px)
        whole = self._model.raw_size
        if (height, width) == whole:
            return x
        theta = x.new_tensor([[[width / whole[1], 0, 0], [0, height / whole[0], 0]]])
        places = functional.affine_grid(theta, [1, *x.shape[1:]], align_corners=False)
        return functional.grid_sample(x, places, align_corners=False)

    def example(self) -> Inputs:
        """Inputs of the average picture, for trying a path out."""
        model = self._model
        classes = torch.zeros(1, model.c_dim)
        classes[:, :1] = 1.0
        special = {"w+": model.num_ws, "z+": len(set(model.groups))}
        rows = special.get(self._canvas.space, self._canvas.control_points)
        size = model.z_dim if self._canvas.is_mapped else model.w_dim
        count = self._canvas.sources
        latents = torch.ones(count, rows, size)
        psi, mix = torch.ones(model.num_ws), torch.zeros(count - 1, model.num_ws)
        edit = torch.from_numpy(model.edit_directions.pack({}))
        return Inputs(latents, classes, psi, mix, self.rest, self.bends.rest, edit)

    def warm_up(self, clock: Clock | None = None) -> None:
        """Prepare the faster path and take it.

        Parameters
        ----------
        clock
            Gives seconds. With it, this may be called from another thread than `draw`: the path is
            tried out before it is taken, and where that is a matter of measuring, measured. Without
            it nothing is left to chance: the same network always goes the same way.
        """
        with torch.inference_mode():
            if self._device.startswith("cuda"):
                torch.backends.cudnn.benchmark = True  # sizes stay: the quickest kernels are found
                self._capture()
            elif self._compiled is not None:
                if clock is not None:
                    inputs = self.example()
                    self._compiled(self._model.styles(inputs, self._canvas), inputs.more, None)
                self._synthesize, self.path = self._compiled, "loops"
            elif clock and self._device == "cpu" and not self.bends and has_compiler():
                self._compile(clock)

    def _capture(self) -> None:
        """Capture a graph, with the fused kernels where they serve; else say why they do not.

        Raises
        ------
        ValueError
            If only the plain path could be captured: that then serves.
        """
        from engine.generators.cuda_graph import Static

        why, plain = "", self._synthesize
        if self._fused is not None:
            try:
                self._synthesize = self._fused()
                self._graph = Static(self._raw, self.example(), self._device)
            except Exception as error:  # noqa: BLE001 -- compilers and drivers fail in many ways
                why, self._synthesize = f"{type(error).__name__}: {error}", plain
            else:
                self.path = "fused graph"
                return
        self._graph, self.path = Static(self._raw, self.example(), self._device), "graph"
        if why:
            raise ValueError(f"the fused kernels step aside, the plain path goes on: {why}")

    def _compile(self, clock: Clock) -> None:
        """Try `torch.compile`; keep it only where it is faster."""
        import torch._inductor.config as settings

        # One: a pool of compiling processes would take the machine from the show.
        settings.compile_threads = 1
        inputs, plain = self.example(), self._synthesize
        ws = self._model.styles(inputs, self._canvas)
        compiled: Synthesize = torch.compile(plain, dynamic=False)
        compiled(ws, inputs.more, None)
        if _least_s(compiled, ws, inputs, clock) < _least_s(plain, ws, inputs, clock):
            self._synthesize, self.path = compiled, "torch.compile"


def _synthesize(
    model: FamilyModel, grid: Grid | None, ws: torch.Tensor, more: torch.Tensor, bend: Bend | None
) -> torch.Tensor:
    raw: torch.Tensor = model.synthesize(ws, "const", more, bend, grid)
    return raw


def _fuse(model: FamilyModel, device: str) -> Synthesize:
    """Prepare the fused kernels; raises why they do not serve."""
    fused = importlib.import_module(f"engine.generators.cuda.{model.family}")
    backend = fused.prepare(model.synthesis, device)
    return lambda ws, more, _: fused.render(backend, ws, more)


def _least_s(synthesize: Synthesize, ws: torch.Tensor, inputs: Inputs, clock: Clock) -> float:
    spent = []
    for _ in range(ROUNDS):
        start_s = clock()
        synthesize(ws, inputs.more, None)
        spent.append(clock() - start_s)
    return min(spent)


def has_compiler() -> bool:
    """Whether a C++ compiler is here that `torch.compile` can use."""
    return any(map(shutil.which, filter(None, (os.environ.get("CXX"), "g++", "clang++"))))


def aspects(model: Any, grid: Grid | None) -> dict[str, float]:
    """Width / height of each layer, margins included, seen in a picture that nobody sees."""
    found: dict[str, float] = {}

    def see(name: str, x: torch.Tensor) -> torch.Tensor:
        found[name] = x.shape[3] / x.shape[2]
        return x

    places = grid.rows * grid.columns if grid else 1
    with torch.inference_mode():
        ws = model.mapping.w_avg.reshape(-1, model.w_dim)[:1].expand(places, model.num_ws, -1)
        model.synthesize(ws, bend=see, grid=grid)
    return found
