"""What a wall costs: style maps and wider starts beside the trained picture, interleaved, as JSON.

``python -m bench.wall [--threads N] [--rounds N] [--device cpu|cuda] [NAME…]``; names are
``sg2-256``, ``sg2-128``, ``sg3t-256``, ``sg3r-256``, ``sg3t-128``. Each is drawn as the trained
picture (one style), as the same picture with four control points, and as open and closed walls of
3.5 pictures with six. ``per_pixel`` is the time for a pixel relative to the trained picture's.
"""

import argparse
import json
import statistics
import time
from functools import partial
from typing import Any

import torch

from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.stylegan.canvas import Canvas
from engine.generators.stylegan.model import Inputs
from engine.models.random_networks import make_stylegan2, make_stylegan3

WIDE = 3.5
CANVASES = {
    "trained": Canvas(""),
    "four styles": Canvas("", points=4),
    "open wall": Canvas("", wide=WIDE, points=6),
    "closed band": Canvas("", wide=WIDE, points=6, closed=True),
}


def make(name: str, canvas: Canvas, device: str) -> tuple[Any, Any]:
    """Return a drawing function and the size (H, W) of what it draws."""
    kind, _, side = name.partition("-")
    resolution = int(side)
    base = 16384 if resolution < 512 else 32768
    more: torch.Tensor
    model: Any
    if kind == "sg2":
        net = make_stylegan2(resolution, base=base)
        model = stylegan2.build_network(*net, device, (4, round(4 * canvas.wide)))
        more = torch.ones(len(model.synthesis.blocks))
        draw = partial(stylegan2._synthesize, model, canvas.grid)
    else:
        radial: dict[str, Any] = {"kernel": 1, "radial": True, "base": 2 * base, "most": 1024}
        net = make_stylegan3(resolution, **(radial if kind == "sg3r" else {"base": base}))
        model = stylegan3.build_network(*net, device, (1.0, canvas.wide))
        more = model.synthesis.waves.transform
        draw = partial(stylegan3._synthesize, model, canvas.grid)
    random = torch.Generator().manual_seed(1)
    latents = torch.randn(2, canvas.control_points, model.z_dim, generator=random)
    plain = (torch.ones(model.num_ws), torch.zeros(1, model.num_ws))
    rest = (torch.zeros(0, 13), torch.from_numpy(model.edit_directions.pack({})))
    inputs = Inputs(latents, torch.zeros(1, 0), *plain, more, *rest).to(device)
    return lambda: draw(model.styles(inputs, canvas), inputs.more, None), inputs


def measure(name: str, rounds: int, device: str) -> dict[str, Any]:
    """Time all canvases in turn: milliseconds of a frame (medians)."""
    draws = {what: make(name, canvas, device)[0] for what, canvas in CANVASES.items()}
    spent: dict[str, list[float]] = {what: [] for what in draws}
    sizes = {}
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for what, draw in draws.items():
                start = time.perf_counter()
                sizes[what] = tuple(draw().shape[2:])
                if device == "cuda":
                    torch.cuda.synchronize()
                if turn:  # the first compiles
                    spent[what].append(1e3 * (time.perf_counter() - start))
    median = {what: statistics.median(times) for what, times in spent.items()}
    per_pixel = {what: ms / (sizes[what][0] * sizes[what][1]) for what, ms in median.items()}
    return {
        what: {
            "size": sizes[what],
            "ms": round(ms, 1),
            "per_pixel": round(per_pixel[what] / per_pixel["trained"], 2),
        }
        for what, ms in median.items()
    }


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=["sg2-256"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    for name in asked.names:
        print(json.dumps({name: measure(name, asked.rounds, asked.device)}), flush=True)


if __name__ == "__main__":
    main()
