"""Extraction of latents, keyframes, map examples and bans of a take into files for shows."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.clock import newest_index, seconds_at
from engine.core.frame.sample import latents
from engine.core.frame.values import effective
from engine.core.latent.geometry import Vector
from engine.core.motions.taught_map import examples_of
from engine.core.path.keyframes import keyframes_of
from engine.core.path.model import Path as Trajectory
from engine.core.path.model import PathState
from engine.core.show.layer import Generator
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators import registry
from engine.generators.contract import model_of
from engine.models.sidecars import latent_map
from engine.models.sidecars.latent_map import MapFile
from engine.play.film.playback import open_playback
from engine.system import npy
from engine.system.atomic import write_bytes
from engine.system.hashing import hash_at

Arrays = dict[str, NDArray[Any]]


def gather(take: str, out: Path, at_s: Fraction | None) -> list[tuple[Path, str]]:
    """Write what the trajectories of a take were and had been told at a moment.

    Parameters
    ----------
    take
        Its folder, or a show.
    out
        Folder for the files.
    at_s
        Show time; None: the end of the take, the beginning of a show.

    Returns
    -------
    list
        Each file, and the line of a show file that uses it.

    Raises
    ------
    ShowError, TakeError, ValueError, OSError
        With one sentence, if the take cannot be read or a file not written.
    """
    playback = open_playback(take, is_partial=True)
    end_s = playback.start_s if playback.end_s is None else playback.end_s
    moment_s = end_s if at_s is None else at_s
    if moment_s < playback.start_s or (playback.is_take and moment_s > end_s):
        raise ValueError(
            f"{take}: --at {float(moment_s):g} lies outside the take, which goes from "
            f"{float(playback.start_s):g} to {float(end_s):g} s"
        )
    line = playback.line_at(moment_s)
    last = newest_index(moment_s, line.show.control_hz)
    if playback.is_take and moment_s == end_s:
        last -= 1
    for tick in range(line.state.tick + 1, max(last, 0) + 1):
        line.tick(tick, playback.events_of(tick))
    out.mkdir(parents=True, exist_ok=True)
    found = []
    for name, arrays, usage in _files(line.show, line.state):
        if isinstance(arrays, bytes):
            write_bytes(out / name, arrays)
        else:
            npy.write(out / name, arrays)
        found.append((out / name, usage))
    return found


def _files(show: Show, state: State) -> Iterator[tuple[str, Arrays | bytes, str]]:
    """Name, content and use of every file."""
    seconds = float(seconds_at(max(state.tick, 0), show.control_hz))
    values = effective(show, state, seconds).tolist()
    now = latents(show, state, seconds)
    states = iter(state.paths)
    for layer in show.layers:
        for path in layer.generator.paths if layer.generator else ():
            assert layer.generator is not None
            path_state = next(states)
            name = f"{layer.id}.{path.port}"
            latent = now[f"/layer/{layer.id}/generator/{path.port}"]
            model = _model_hash(layer.generator)
            key = "w" if path.geometry == "wspace" else "z"
            yield (
                f"{name}.latent.npz",
                {key: latent[None], **model},
                f'keys = ["{name}.latent.npz"]',
            )
            if "keys" in path_state.memory:
                rows = np.stack(
                    [_port(path, point) for point in keyframes_of(path, path_state, values).points]
                )
                yield f"{name}.keys.npz", {key: rows, **model}, f'keys = ["{name}.keys.npz"]'
            yield from _map_examples(name, path, path_state, model)


def _map_examples(
    name: str, path: Trajectory, state: PathState, model: Arrays
) -> Iterator[tuple[str, bytes, str]]:
    taught = examples_of(path, state)
    if "lessons" not in state.memory or not len(taught):
        return
    rows = np.stack([_port(path, each.reshape(path.shape)) for each in taught.latents])
    about = {"port": path.port, "model": str(model.get("model", ""))}
    no_thumbs = np.zeros((0, 1, 1, 3), np.uint8)
    data = latent_map.write(MapFile(taught.places.astype("f4"), rows, no_thumbs, about))
    yield f"{name}{latent_map.SUFFIX}", data, f'map = "{name}{latent_map.SUFFIX}"'


def _port(path: Trajectory, coordinates: Vector) -> NDArray[np.float32]:
    """Turn coordinates into what the port takes."""
    found = coordinates if path.chart is None else path.chart.decode(coordinates)
    return found.astype(np.float32)


def _model_hash(generator: Generator) -> Arrays:
    found = hash_at(model_of(registry.files(generator.kind, generator.config)))
    return {"model": np.array(found)} if found else {}
