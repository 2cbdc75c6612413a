"""Pushes: along random directions, in standard deviations; the length of a latent stays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, length, onto_shell
from engine.core.parameter import Kind
from engine.core.path.model import Modifier, Now, Part, Path, PathState, Rows
from engine.core.path.setting import Setting
from engine.core.rng import gaussian

PUSHES = 8
_NAMES = tuple(f"push_{k + 1}" for k in range(PUSHES))


@lru_cache(maxsize=64)
def push_basis(seed: int, name: str, index: int, size: int) -> Vector:
    """Eight orthonormal directions of a keyed random basis: Q of its QR [shape=(8, size)].

    Gram-Schmidt done twice, which is as good as Householder (Giraud et al. 2005); in fewer
    dimensions than eight the last ones are 0.
    """
    basis = np.zeros((PUSHES, size))
    for k in range(min(PUSHES, size)):
        row = np.array(gaussian(seed, f"{name}/push/{index}", k, size))
        for _ in range(2):
            for other in basis[:k]:
                row -= (other @ row) * other
        basis[k] = row / length(row)
    basis.flags.writeable = False
    return basis


def push(z: Vector, basis: Vector, sigmas: Sequence[float]) -> Vector:
    """Push a latent along several directions at once; its length stays.

    Parameters
    ----------
    z [shape=(D,)]
        In coordinates, where the projection of a latent on any direction has a sigma of 1.
    basis [shape=(8, D)]
    sigmas
        By how many sigmas [length 8].
    """
    size = length(z)
    return onto_shell(z + np.array(sigmas) @ basis, size) if size > 0.0 else z


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    del state
    sigmas = [now.values[path.at[name]] for name in _NAMES]
    basis = push_basis(now.seed, path.name, int(now.values[path.at["push_seed"]]), path.size)
    return [push(row, basis, sigmas) for row in rows]


PUSH = Modifier(
    "push",
    _apply,
    wakes=_NAMES,
    part=Part(
        settings=(
            *(
                Setting(
                    name, f"Along random direction {k + 1}.", 0.0, -8.0, 8.0, "sigmas", glides=True
                )
                for k, name in enumerate(_NAMES)
            ),
            Setting("push_seed", "Which random directions.", 0.0, 0.0, 2.0**31, "", Kind.INT),
        )
    ),
)
