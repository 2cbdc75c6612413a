"""An edit of a proxy is carried back to latents: cuts to the bit, everything else on the shell."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from engine.core.latent.geometry import shell_radius, shell_score
from engine.core.latent.manifold import AFFINE, ROWS, SHELL
from engine.core.motions.walk import walk
from engine.core.track.conform import Shot, TrackFrames, conform
from engine.documents.edit.timeline import EditError, Film
from tests.edits import FILM, FPS, Clip, look, write

SUFFIXES = (".otio", ".edl", ".kdenlive", ".xml", ".fcpxml")
SIZE = 16


def frames(size: int = SIZE, count: int = 100, step: float = 0.03) -> TrackFrames:
    """A walk, with a value that rises, an angle that passes its end, and a switch."""
    x = np.arange(count, dtype=np.float64)
    angle = np.mod(0.3 * x + np.pi, 2 * np.pi) - np.pi
    return TrackFrames(
        values=np.stack([x / count, angle, np.floor(x / 7) % 2], 1),
        is_held=np.array([False, False, True]),
        turns=np.array([0.0, 2 * np.pi, 0.0]),
        motion_s=x / FPS,
        cuts=np.append(np.zeros(count - 1, bool), True),
        latents={"z": np.stack([walk(3, "z", step * n, size) for n in x]).astype(np.float32)},
        spaces={"z": SHELL},
    )


def seen(suffix: str, *clips: Clip) -> list[Shot]:
    found, fps, _ = look(suffix, write(suffix, clips))
    assert fps == FPS
    return found


# The edit that Memo Akten's tools are shown with: 46 frames, two of its five stretches are blank.
CUTS = (Clip(10, 20), Clip(None, 10), Clip(35, 10), Clip(None, 5), Clip(60, 1))
KEPT = [*range(10, 30), *range(35, 45), 60]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_of_a_hundred_frames_to_46_is_exact(suffix: str) -> None:
    source = frames()
    found = conform(source, seen(suffix, *CUTS))
    shown = [*range(20), *range(30, 40), 45]
    z = found.latents["z"]
    assert z.shape == (46, SIZE)
    assert z.dtype == np.float32
    assert np.array_equal(z[shown], source.latents["z"][KEPT])
    assert np.array_equal(found.values[shown], source.values[KEPT])
    assert np.array_equal(found.motion_s[shown], source.motion_s[KEPT])
    assert (z[20:30] == z[19]).all()  # held: zeros would be the mean of all pictures
    assert (z[40:45] == z[39]).all()
    assert np.flatnonzero(found.cuts).tolist() == [29, 44, 45]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_blank_can_be_bridged_without_a_corner(suffix: str) -> None:
    found = conform(frames(), seen(suffix, *CUTS), is_bridged=True)
    held = conform(frames(), seen(suffix, *CUTS))
    z = found.latents["z"].astype(float)
    assert np.flatnonzero(found.cuts).tolist() == [45]
    assert max(jumps(z)[18:30]) < 0.3 * max(jumps(held.latents["z"].astype(float))[18:30])
    low, high = np.sort(np.linalg.norm(z[[19, 30]], axis=1))
    assert (np.linalg.norm(z[19:31], axis=1) > low - 1e-4).all()
    assert (np.linalg.norm(z[19:31], axis=1) < high + 1e-4).all()


def steps(z: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(z, axis=0), axis=1)


def jumps(z: np.ndarray) -> np.ndarray:
    """Change of the velocity at every inner frame."""
    return np.linalg.norm(np.diff(z, 2, axis=0), axis=1)


def reference(z: np.ndarray, at: float) -> np.ndarray:
    """Shoemake's formula as it is printed, lengths geometrically."""
    n = int(at)
    t = at - n
    if t == 0.0:
        return z[n]
    a, b = z[n].astype(float), z[n + 1].astype(float)
    ra, rb = np.linalg.norm(a), np.linalg.norm(b)
    angle = np.arccos(a @ b / ra / rb)
    way = np.sin((1 - t) * angle) * a / ra + np.sin(t * angle) * b / rb
    return ra ** (1 - t) * rb**t * way / np.sin(angle)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("speed", "first", "places"),
    [
        (Fraction(1, 2), 20, [20 + k / 2 for k in range(20)]),
        (Fraction(2), 20, [20 + 2 * k for k in range(20)]),
        (Fraction(-1), 20, [39 - k for k in range(20)]),
        (Fraction(-2), 20, [58 - 2 * k for k in range(20)]),
    ],
)
def test_speeds_follow_the_geodesic(suffix: str, speed, first: int, places: list[float]) -> None:
    if speed == -2:  # an odd number of frames backwards: the last of every pair, or the first
        is_last = suffix in (".edl", ".xml", ".fcpxml")
        places = [59 - 2 * k for k in range(20)] if is_last else places
    source = frames(128)
    found = conform(source, seen(suffix, Clip(first, 20, speed)))
    wanted = np.stack([reference(source.latents["z"], at) for at in places])
    assert np.abs(found.latents["z"] - wanted).max() <= 1e-6 * shell_radius(128)
    assert found.motion_s == pytest.approx(np.array(places) / FPS)
    assert found.values[:, 0] == pytest.approx(np.array(places) / 100)
    assert np.array_equal(found.values[:, 2], np.floor(np.floor(places) / 7) % 2)  # switches hold
    assert found.cuts.sum() == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_dissolve_is_one_of_latents_and_stays_on_the_shell(suffix: str) -> None:
    source = frames(512, step=0.3)
    found = conform(source, seen(suffix, Clip(5, 30), Clip(60, 30, fade=10)))
    z = found.latents["z"]
    assert len(z) == 60
    assert np.array_equal(z[:25], source.latents["z"][5:30])
    assert np.array_equal(z[35:], source.latents["z"][65:90])
    scores = [shell_score(row.astype(float)) for row in z[25:35]]
    mixed = 0.5 * (source.latents["z"][34] + source.latents["z"][64]).astype(float)
    own = [shell_score(row.astype(float)) for row in source.latents["z"]]
    assert min(own) - 1e-3 < min(scores) < max(scores) < max(own) + 1e-3
    assert shell_score(mixed) < -6.0  # what a dissolve of numbers would do
    share = [(k + 0.5) / 10 for k in range(10)]
    assert found.values[25:35, 0] == pytest.approx(
        [(30 + k) / 100 * (1 - s) + (55 + k) / 100 * s for k, s in enumerate(share)]
    )
    assert found.cuts.tolist() == [False] * 59 + [True]


def test_healing_takes_the_corner_out_of_a_cut() -> None:
    source = frames(128)
    healed = conform(source, seen(".otio", Clip(10, 40), Clip(55, 40)), heal=12)
    cut = conform(source, seen(".otio", Clip(10, 40), Clip(55, 40)))
    a, b = cut.latents["z"].astype(float), healed.latents["z"].astype(float)
    touched = np.flatnonzero((a != b).any(axis=1)).tolist()
    assert touched == list(range(34, 46))
    assert healed.cuts.sum() == 1  # only the end
    assert max(steps(b)[33:46]) < 0.4 * steps(a)[39]
    assert max(jumps(b)[32:47]) < 0.1 * max(jumps(a)[32:47])
    scores = [shell_score(row) for row in b]
    assert max(map(abs, scores)) <= max(abs(shell_score(row)) for row in a) + 1e-6
    jump = np.diff(healed.values[:, 0], 2)
    assert abs(jump).max() < 0.2 * abs(np.diff(cut.values[:, 0], 2)).max()


def test_a_loop_is_healed_over_its_seam_and_short_shots_give_half_of_themselves() -> None:
    edit = seen(".edl", Clip(0, 30), Clip(60, 5), Clip(20, 30))
    found, cut = (conform(frames(64), edit, heal=heal, is_loop=True) for heal in (20, 0))
    seams = [np.roll(each.latents["z"].astype(float), 15, axis=0)[:30] for each in (found, cut)]
    assert not found.cuts.any()
    assert max(jumps(seams[0])) < 0.2 * max(jumps(seams[1]))
    assert np.array_equal(found.latents["z"][32], frames(64).latents["z"][62])


def test_a_loop_that_closes_by_itself_has_no_cut() -> None:
    edit = seen(".otio", Clip(20, 30), Clip(5, 15))
    assert np.flatnonzero(conform(frames(), edit, is_loop=True).cuts).tolist() == [29]
    assert np.flatnonzero(conform(frames(), edit).cuts).tolist() == [29, 44]


def test_a_blade_without_a_move_is_no_cut_and_a_cut_of_the_proxy_stays_one() -> None:
    source = frames()
    whole = conform(source, seen(".edl", Clip(10, 20), Clip(30, 20)))
    assert whole.cuts.sum() == 1
    source = replace(source, cuts=source.cuts | (np.arange(100) == 19))
    slow = conform(source, seen(".otio", Clip(10, 40, Fraction(1, 2))))
    assert np.flatnonzero(slow.cuts).tolist() == [19, 39]
    assert np.array_equal(slow.latents["z"][19], source.latents["z"][19])  # holds, does not slide
    frozen = conform(source, seen(".otio", Clip(5, 9, Fraction(0)))).latents["z"]
    assert (frozen == source.latents["z"][5]).all()


def test_rows_and_affine_ports_go_by_their_own_maps() -> None:
    rows = np.stack([walk(k, "r", 0.0, 8) for k in range(8)]).reshape(2, 4, 8).astype(np.float32)
    turns = np.array([[0, 5.0, 0, 0], [0, -5.0, 0, 0]], np.float32)
    source = replace(
        frames(count=2), latents={"w": rows, "a": turns}, spaces={"w": ROWS, "a": AFFINE}
    )
    found = conform(source, [Shot(Fraction(1, 2))])
    for k in range(4):
        assert found.latents["w"][0, k] == pytest.approx(reference(rows[:, k], 0.5), abs=1e-5)
    assert abs(found.latents["a"][0, 1]) > 5.0  # over the back: the shorter way round


def test_the_shorter_way_round_for_angles() -> None:
    source = frames()
    at = int(np.flatnonzero(np.diff(source.values[:, 1]) < 0)[0])
    found = conform(source, [Shot(Fraction(2 * at + 1, 2))])
    assert found.values[0, 1] == pytest.approx(source.values[at, 1] + 0.15)


def test_other_rates_are_converted_exactly() -> None:
    film = Film(("out.mp4",), Fraction(24000, 1001), 100)
    text = "1 AX V C 00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n"
    found, fps, _ = look(".edl", text, film, fps="30000/1001")
    assert fps == Fraction(30000, 1001)
    assert [shot.first for shot in found[:3]] == [24, Fraction(124, 5), Fraction(128, 5)]
    assert len(found) == 30


def test_frames_that_the_proxy_lacks_and_other_media_are_named() -> None:
    for suffix in SUFFIXES:
        with pytest.raises(EditError, match=r"clip|line|item .*frame 100 of the proxy, .* 0 to 99"):
            seen(suffix, Clip(90, 20))
        with pytest.raises(EditError, match=r"'cat\.mov', which is not the proxy out\.mp4"):
            look(suffix, write(suffix, CUTS, "cat.mov"))
        other = replace(FILM, names=("out.mp4", "cat"))
        assert look(suffix, write(suffix, CUTS, "cat.mov"), other)
