"""The task ``invert``: the coordinates that a generator draws a picture from, as near as it can.

A start (the encoder's, where there is one beside the model, else the nearest of some samples), and
from there one step of refinement a slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.latent.coordinates import Chart
from engine.core.rng import draw
from engine.generators.host.tasks import Result, Task
from engine.generators.libraries import torch
from engine.generators.pictures import Picture, check_picture, fitted, read_picture
from engine.generators.tasks import encoder
from engine.generators.tasks.inversion import (
    STARTS,
    STEPS,
    InversionTarget,
    Step,
    refine,
    search,
    target_of,
)

_SAMPLES, _STEPS, _RATE = 4096, 60, 0.05  # of `from_styles`
MOST_STEPS = 10_000
_WAIT_S = 0.005


def from_styles(model: Any, chart: Chart, n: torch.Tensor) -> torch.Tensor:
    """Find a latent z [shape=(z_dim,)] whose style has nearly the coordinates `n` [shape=(D,)].

    The nearest of seeded samples, then steps of Adam through the mapping network alone: as much
    work as a few pictures. Only the direction of z counts, and it comes with unit variance.
    """
    wanted = torch.from_numpy(chart.decode(n.numpy().astype(np.float64))).float()
    # Differences of styles count as they show: by their spread in P, not whitened.
    z = torch.from_numpy(
        draw(0, "zsearch", 0, _SAMPLES * model.z_dim).reshape(_SAMPLES, -1).astype(np.float32)
    )
    where = model.mapping.w_avg.device
    wanted = wanted.to(where)
    with torch.no_grad():
        far = (model.map(z.to(where)) - wanted).square().sum(1)
        z = z[int(far.argmin())][None].clone()
    z = z.requires_grad_(True)
    adam = torch.optim.Adam([z], _RATE)
    with torch.enable_grad():
        for _ in range(_STEPS):
            adam.zero_grad()
            (model.map(z.to(where)) - wanted).square().sum().backward()
            adam.step()
    with torch.no_grad():
        found: torch.Tensor = (z * z.square().mean().rsqrt())[0]
    return found.detach()


def start(generator: Any, task: Task) -> Iterator[Result | None]:
    """Invert a picture.

    Parameters
    ----------
    task
        Arrays ``picture`` [shape=(H, W, 3)], uint8, or ``file``, the bytes of a picture's file.
        Options: ``port``, ``model`` (its file, to find an encoder beside it), ``steps``, ``every``:
        steps from one told result to the next (0: only the last is told), and ``samples`` that are
        looked at for a start. Of its request the parameters count, and the size in which pictures
        are compared.

    Yields
    ------
    Result or None
        Array ``coordinates`` [shape=port.shape]; options ``psnr_db``, ``start_db`` and ``step``.
    """
    options, port = task.options, str(task.options.get("port", ""))
    target = target_of(generator, port)
    if task.request is not None:
        target = target_of(generator, port, task.request.parameters, task.request.size_px)
    if "file" in task.arrays:
        with ThreadPoolExecutor(1) as pool:  # it waits for a child, and pictures go on meanwhile
            reading = pool.submit(read_picture, task.arrays["file"].tobytes())
            while not reading.done():
                wait([reading], timeout=_WAIT_S)
                yield None
        picture = reading.result()
    else:
        picture = check_picture(task.arrays["picture"])
    yield None
    wanted = fit(target, picture)
    yield None
    every, first, step = int(options.get("every", 0)), None, 0
    steps = min(max(int(options.get("steps", STEPS)), 0), MOST_STEPS)
    samples = min(max(int(options.get("samples", STARTS)), 1), MOST_STEPS)
    for found in invert(target, wanted, steps, str(options.get("model", "")), samples):
        if found is None:
            yield None
            continue
        first = found.psnr_db if first is None else first
        is_last = step == steps
        is_told = is_last or (every > 0 and step % every == 0)
        yield _result(found, first, step, is_last) if is_told else None
        step += 1


def _result(found: Step, start_db: float, step: int, is_last: bool) -> Result:
    told: Mapping[str, float | str] = {
        "psnr_db": found.psnr_db,
        "start_db": start_db,
        "step": float(step),
    }
    return Result({"coordinates": found.n.numpy().astype(np.float32)}, told, is_last)


def fit(target: InversionTarget, picture: Picture) -> torch.Tensor:
    """Bring a picture to the size that the generator draws [shape=(1, 3, H, W)]."""
    with torch.no_grad():
        like = target.draw(torch.zeros(target.port.shape))
        height, width = like.shape[2:]
        return fitted(picture, (width, height), like.device)


def invert(
    target: InversionTarget,
    wanted: torch.Tensor,
    steps: int = STEPS,
    model: str = "",
    samples: int = STARTS,
) -> Iterator[Step | None]:
    """Find a start, by the model's encoder or of so many samples, and refine it a slice at a time.

    Yields
    ------
    Step or None
        None while a start is looked for; then `steps` + 1 times the nearest so far.

    Raises
    ------
    ValueError
        If the encoder beside the model is damaged or another's, or there is no gradient.
    """
    begin = None
    if model:
        begin = guess(target, wanted, Path(model))
        yield None
    if begin is None:
        for found in search(target, wanted, samples):
            begin = None if found is None else found.n
            yield None
    assert begin is not None
    yield from refine(target, wanted, begin, steps)


def guess(target: InversionTarget, wanted: torch.Tensor, model: Path) -> torch.Tensor | None:
    """Ask the encoder of a model; None if there is none."""
    from engine.generators.stylegan.w_space import chart_of

    if not hasattr(target.generator, "model"):
        return None
    weights = encoder.find(model, target.generator.model.w_dim)
    if weights is None:
        return None
    with torch.no_grad():
        n = encoder.encode(encoder.tensors(weights), wanted.cpu())[0]
    if target.port.chart is None:
        is_free = not target.generator.model.c_dim  # classes would have to be found as well
        if not is_free:
            return None
        n = from_styles(target.generator.model, chart_of(model), n)
    return n.expand(target.port.shape).clone()
