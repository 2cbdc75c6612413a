"""The pool of surfaces: what is used again and again stays, what is not goes."""

from __future__ import annotations

import moderngl
import pytest

from engine.compositor.gl import surface
from engine.compositor.gl.surface import IDLE_BYTES, IDLE_FRAMES, IDLE_SIZES, Pool


def held(pool: Pool) -> int:
    """Bytes of all surfaces that nobody uses."""
    return sum(
        len(free) * surface._bytes(*kind) for kind, free in pool._free.items()
    )  # fmt: skip


def test_a_size_that_moves_leaves_no_more_than_the_bound(ctx: moderngl.Context) -> None:
    pool = Pool(ctx)
    largest = 0
    for width in range(1, 640):
        size_px = (width + 640, 480)
        pool.give(pool.take(size_px))
        largest = max(largest, surface._bytes(size_px, "f2"))
        pool.end_frame()
    assert held(pool) <= IDLE_BYTES + (IDLE_FRAMES + 1) * largest
    pool.clear()
    assert not held(pool)


def test_small_sizes_are_bounded_by_their_number(ctx: moderngl.Context) -> None:
    pool = Pool(ctx)
    for width in range(1, 400):
        pool.give(pool.take((width, 1)))
        pool.end_frame()
    assert len(pool._free) <= IDLE_SIZES + IDLE_FRAMES + 1


def test_what_every_frame_takes_is_made_once(
    ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    make = surface.make_surface
    monkeypatch.setattr(surface, "IDLE_BYTES", 0)
    monkeypatch.setattr(surface, "IDLE_SIZES", 0)
    monkeypatch.setattr(surface, "make_surface", lambda *a: made.append(a) or make(*a))
    pool = Pool(ctx)
    for _ in range(4 * IDLE_FRAMES):
        for surface_ in [pool.take((64, 36)), pool.take((64, 36)), pool.take((32, 18), "f4")]:
            pool.give(surface_)
        pool.end_frame()
    assert len(made) == 3
