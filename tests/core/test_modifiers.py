"""Bans, magnets, limits, pads and pushes as maps: what they promise, and that they are smooth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.latent.caps import angle, avoid, centre_bytes, centre_of, holes, project_out
from engine.core.latent.geometry import Vector, away, length, onto_shell, shell_radius
from engine.core.modifiers.limiter import knee, limit
from engine.core.modifiers.magnet import magnet, poles
from engine.core.modifiers.pad import bilinear, on_pad
from engine.core.modifiers.push import push, push_basis
from engine.core.motions.walk import walk
from tests.making import loop_of

seeds = st.integers(0, 9999)
sizes = st.sampled_from([2, 3, 16, 512])


def drawn(seed: int, count: int, size: int) -> Vector:
    return np.random.default_rng(seed).standard_normal((count, size))


def caps_of(seed: int, count: int, size: int) -> tuple[tuple[bytes, float], ...]:
    """Caps of which every second one touches the one before it."""
    rng = np.random.default_rng(seed)
    found: list[tuple[bytes, float]] = []
    for k in range(count):
        z = rng.standard_normal(size)
        if k % 2:
            z = away(centre_of(found[-1][0]), z, rng.uniform(0.0, 0.8))
        found.append((centre_bytes(z), float(rng.uniform(0.02, 0.6))))
    return tuple(found)


@settings(max_examples=60)
@given(seeds, st.integers(1, 5), sizes, st.floats(0, 1))
def test_nothing_is_left_in_a_ban_also_where_bans_overlap(seed, count, size, far) -> None:
    caps = caps_of(seed, count, size)
    found = holes(caps)
    for centre, _ in caps:
        z = 3.0 * away(centre_of(centre), drawn(seed + 1, 1, size)[0], far)
        for map_ in (avoid, project_out):
            out = map_(z, found)
            unit = out / length(out)
            assert length(out) == pytest.approx(3.0)
            assert all(angle(unit, centre_of(c)) >= r - 1e-9 for c, r in caps)
    for hole in found.each:  # the tear itself, and the very centre
        for z in (hole.tear, hole.cap.centre):
            unit = onto_shell(avoid(z, found), 1.0)
            assert all(angle(unit, centre_of(c)) >= r - 1e-9 for c, r in caps)


@given(seeds, sizes)
def test_what_is_far_from_a_ban_keeps_its_bits(seed: int, size: int) -> None:
    found = holes(caps_of(seed, 1, size))
    z = away(found.each[0].cap.centre, drawn(seed + 1, 1, size)[0], found.each[0].halo + 1e-6)
    assert avoid(z, found) is z
    assert project_out(z, found) is z
    near = avoid(away(found.each[0].cap.centre, z, 0.3 * found.each[0].halo), found)
    assert project_out(near, found) is near  # so that a track, written behind a ban, stays as it is


@given(seeds, st.sampled_from([16, 512]), st.floats(0.05, 0.6))
def test_the_map_is_smooth_across_its_halo(seed: int, size: int, radius: float) -> None:
    z, way = drawn(seed, 2, size)
    found = holes(((centre_bytes(z), radius),))
    centre, step = found.each[0].cap.centre, 1e-5
    at = [avoid(away(centre, way, found.each[0].halo + k * step), found) for k in (-2, -1, 0, 1, 2)]
    speeds = np.diff(at, axis=0) / step  # C1: the velocity does not jump
    assert length(speeds[1] - speeds[2]) < 1e-2


@pytest.mark.parametrize("radius", [0.2, 0.35, 0.8])
def test_a_loop_whose_picture_is_banned_goes_around_it_smoothly(radius: float) -> None:
    loop = (3, 14, 15, 92, 65, 35)
    found = holes(((centre_bytes(loop_of(loop, 1.0, 512)), radius),))
    z = np.array([avoid(loop_of(loop, k / 180, 512), found) for k in range(180, 3 * 180)])
    v = np.diff(z, axis=0)
    steps = np.linalg.norm(v, axis=1)
    turns = np.degrees(np.arccos(np.clip((v[1:] * v[:-1]).sum(1) / steps[1:] / steps[:-1], -1, 1)))
    assert turns.max() <= 6.0  # at 60 fps and 3 s a key; section 6 of the figures
    assert steps.max() / np.median(steps) <= 3.0


@given(seeds, st.sampled_from([2, 64, 512]), st.floats(0.0, 30.0))
def test_the_limiter_touches_nothing_below_its_knee_and_nothing_passes_its_bound(seed, size, r):
    z = onto_shell(drawn(seed, 1, size)[0], r * math.sqrt(size))
    out = limit(z)
    k = knee(size)
    if r <= k * (1 - 1e-12):
        assert out is z
    else:
        assert length(out) <= min(r, 1.5 * k) * math.sqrt(size) * (1 + 1e-12)
        assert np.allclose(out / length(out), z / length(z))


def test_the_limiter_has_the_published_knee_and_leaves_walks_alone() -> None:
    assert knee(512) == 1.2
    for size in (8, 64, 512):
        z = np.array([walk(4, "w", 0.1 * k, size) for k in range(2000)])
        assert all(limit(row) is row for row in z)
    edge = 1.2 * math.sqrt(512)
    rows = [onto_shell(np.ones(512), edge + 1e-6 * k) for k in (-1, 0, 1)]
    assert length(limit(rows[2])) - length(limit(rows[1])) == pytest.approx(1e-6, rel=1e-3)


@given(seeds, st.floats(0.0, 1.5), st.floats(0, 1), st.floats(0.1, 1.0), st.floats(0.0, 0.09))
def test_a_magnet_draws_and_holds_and_never_turns_the_order(seed, a, strength, reach, hold) -> None:
    x = drawn(seed, 4, 256)
    one, key, way = onto_shell(x[0], 1.0), x[1:3], x[3]
    rows = poles(np.stack([one, *key]))

    def at(turn: float) -> float:
        out = magnet(away(one, way, turn), rows, strength, reach, hold)
        return angle(onto_shell(out, 1.0), one)

    assert at(a) <= a + 1e-9
    assert at(a + 1e-3) >= at(a) - 1e-9
    assert at(1.5) == pytest.approx(1.5)
    if strength == 1.0:
        assert at(min(hold, a)) < 1e-7


def test_magnets_do_not_let_a_latent_jump_from_one_to_the_other() -> None:
    a, way = drawn(5, 2, 64)
    keys_ = np.stack([a, away(a, way, 0.5)])
    near = poles(keys_)
    z = np.array([magnet(away(a, way, 0.5 * k / 2000), near, 1.0, 1.2, 0.05) for k in range(2001)])
    assert np.linalg.norm(np.diff(z, axis=0), axis=1).max() < 10 * length(a) * 0.5 / 2000
    assert np.allclose(z[[0, -1]], keys_)


@given(seeds, st.floats(0, 1), st.floats(0, 1))
def test_a_pad_has_its_corners_and_stays_on_the_shell(seed: int, x: float, y: float) -> None:
    corners = [onto_shell(row, shell_radius(64)) for row in drawn(seed, 4, 64)]
    for k, (px, py) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        assert np.array_equal(on_pad(-corners[0], corners, px, py, 1.0), corners[k])
    place = on_pad(corners[0], corners, x, y, 1.0)
    assert length(place) == pytest.approx(shell_radius(64))
    near = on_pad(corners[0], corners, min(x + 1e-4, 1.0), y, 1.0)
    assert length(near - place) < 1e-2
    assert bilinear(x, y).sum() == pytest.approx(1.0)


@given(seeds, sizes, st.lists(st.floats(-8, 8), min_size=8, max_size=8))
def test_pushes_are_orthonormal_and_keep_the_length(seed: int, size: int, sigmas) -> None:
    basis = push_basis(seed, "p", 1, size)
    k = min(size, 8)
    assert np.allclose(basis[:k] @ basis[:k].T, np.eye(k), atol=1e-12)
    z = drawn(seed, 1, size)[0]
    assert length(push(z, basis, sigmas)) == pytest.approx(length(z))
    assert not np.array_equal(basis, push_basis(seed, "p", 2, size))


def test_a_push_is_one_sigma_of_the_projection() -> None:
    z, basis = drawn(1, 1, 512)[0], push_basis(1, "p", 0, 512)
    before = float(basis[2] @ z)
    after = float(basis[2] @ push(z, basis, [0, 0, 1.0, 0, 0, 0, 0, 0]))
    assert after - before == pytest.approx(1.0, abs=0.02)


@settings(max_examples=25)
@given(seeds, st.sampled_from([3, 64]), st.integers(4, 9))
def test_bans_too_wide_to_be_one_are_kept_each_for_itself(seed, size, count) -> None:
    rng, z = np.random.default_rng(seed), drawn(seed + 1, 1, size)[0]
    caps = tuple((centre_bytes(rng.standard_normal(size)), 0.8) for _ in range(count))
    found = holes(caps)
    unit = onto_shell(z, 1.0)
    assert found is not None
    least = min(angle(centre_of(centre), onto_shell(avoid(z, found), 1.0)) for centre, _ in caps)
    if size > 3:  # on a sphere of two dimensions so many caps may leave no place at all
        assert least > 0.8 - 1e-6
    if all(angle(centre_of(centre), unit) > 3.0 for centre, _ in caps):
        assert np.array_equal(avoid(z, found), z)
