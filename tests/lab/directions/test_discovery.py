"""Ways of finding directions, held against a generator whose factors are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.lab.directions import by_measured, teaching
from engine.lab.directions.discovery import Options, apart, find
from engine.lab.directions.moments import measure
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction
from tests import stylegan_files as files
from tests.lab.directions import known_factors as bench
from tests.lab.directions.known_factors import FACTORS

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
FEW = Options(samples=4000, count=10)


@pytest.fixture(scope="module")
def studied() -> StudiedModel:
    return bench.blossom()


def leak(studied: StudiedModel, found: Direction, name: str) -> float:
    return bench.leakage(bench.purity(studied, found)[0], FACTORS.index(name))[1]


def test_moments_are_exact_whatever_the_chunks() -> None:
    x = np.random.RandomState(0).randn(3000, 12).astype(np.float32) * np.arange(1, 13)
    whole, parts = measure([x]), measure(np.array_split(x, 7))
    values, vectors = np.linalg.eigh(np.cov(x.astype(np.float64).T))
    assert np.allclose(whole.std, np.sqrt(values[::-1]), rtol=1e-9)
    assert np.allclose(np.abs(whole.axes), np.abs(vectors.T[::-1]), atol=1e-6)
    assert np.allclose(whole.axes, parts.axes, atol=1e-9)
    assert np.allclose(whole.whiten(x, 12).std(0), 1.0, atol=1e-3)
    u = np.random.RandomState(1).randn(5, 12)
    assert np.allclose(whole.whiten(whole.mean + whole.colour(u), 12), u)
    centre, sigma = whole.along(whole.axes[2])
    assert (centre, sigma) == pytest.approx((whole.mean @ whole.axes[2], whole.std[2]))


@pytest.mark.parametrize("method", ["ganspace", "sefa", "random"])
def test_bases_are_orthogonal_repeatable_and_in_order(studied: StudiedModel, method: str) -> None:
    found = find(method, studied, FEW)
    axes = np.array([each.vector for each in found])
    assert np.allclose(axes @ axes.T, np.eye(10), atol=1e-5)
    again = find(method, studied, FEW)
    assert all(np.array_equal(a.vector, b.vector) for a, b in zip(found, again, strict=True))
    assert all(each.vector[np.abs(each.vector).argmax()] > 0 for each in found)
    w = studied.map(studied.latents(5, "x", 4000))
    for each in found:
        assert each.sigma == pytest.approx((w @ each.vector).std(), rel=0.05)
    if method == "ganspace":
        assert [d.sigma for d in found] == sorted((d.sigma for d in found), reverse=True)
    other = find(method, studied, replace(FEW, seed=3))
    share = np.linalg.norm(axes[:3] @ other[0].vector)
    assert (share > 0.95) == (method != "random")


def test_sefa_is_the_strongest_of_the_chosen_layers(studied: StudiedModel) -> None:
    rows = studied.affines()[1].weight.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = find("sefa", studied, replace(FEW, layers=(1, 2), count=5))
    strengths = [np.linalg.norm(rows @ each.vector) for each in found]
    assert np.allclose(strengths, np.linalg.svd(rows)[1][:5], rtol=1e-4)
    assert found[0].layers == (1, 2)


def test_random_is_even_over_all_turns(studied: StudiedModel) -> None:
    """The first component of a Haar vector has the variance 1 / D; without its signs, no mean 0."""
    first = [
        find("random", studied, Options(samples=100, count=3, seed=n))[2].vector for n in range(60)
    ]
    assert np.square(first).mean() == pytest.approx(1 / bench.W)
    assert np.abs(np.mean(first, 0)).max() < 0.35


def halves(studied: StudiedModel, name: str) -> tuple[np.ndarray, np.ndarray]:
    w = studied.map(studied.latents(2, "sets", 400))
    order = bench.factors(studied, w)[:, FACTORS.index(name)].argsort()
    return w[order[-80:]], w[order[:80]]


@pytest.mark.parametrize("method", ["difference", "boundary"])
@pytest.mark.parametrize("name", ["hue", "size"])
def test_two_sets_tell_what_one_has(studied: StudiedModel, method: str, name: str) -> None:
    found = find(method, studied, replace(FEW, sets=halves(studied, name)))[0]
    change = bench.purity(studied, found)[0]
    assert change[FACTORS.index(name)] > 0.3  # towards the first set
    assert leak(studied, found, name) < 0.2


@pytest.mark.parametrize(
    ("sets", "told"),
    [(None, "--sets MORE LESS"), ((np.zeros((3, 5), np.float32),) * 2, r"both must be z \(16,\)")],
)
def test_sets_that_do_not_fit_are_told(studied: StudiedModel, sets: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        find("difference", studied, replace(FEW, sets=sets))  # type: ignore[arg-type]  # on purpose


def test_taught_directions_are_pure(studied: StudiedModel, record_property: object) -> None:
    """Six that have most of a factor and six that have least, of 72: the figure of the plan."""
    leaks: dict[str, list[float]] = {"taught": [], "ganspace": [], "sefa": []}
    thumbs = teaching.thumbs(studied, 4)
    truth = bench.factors(studied, thumbs)
    for place, name in enumerate(FACTORS):
        order = [int(n) for n in truth[:, place].argsort()]
        found = teaching.teach(studied, FEW, thumbs, order[-6:], order[:6])
        change = bench.purity(studied, found)[0]
        assert change[place] > 0.2, name
        leaks["taught"].append(leak(studied, found, name))
    for method in ("ganspace", "sefa"):
        for each in find(method, studied, FEW):
            leaks[method].append(bench.leakage(bench.purity(studied, each)[0])[1])
    print({method: f"{np.mean(x):.2f}, at most {max(x):.2f}" for method, x in leaks.items()})
    assert max(leaks["taught"]) <= 0.3
    assert np.mean(leaks["taught"]) < np.mean(leaks["ganspace"])


def test_more_examples_teach_better(studied: StudiedModel) -> None:
    thumbs = teaching.thumbs(studied, 4)
    truth = bench.factors(studied, thumbs)
    means = []
    for n in (2, 6, 18):
        found = []
        for place, name in enumerate(FACTORS):
            order = [int(k) for k in truth[:, place].argsort()]
            taught = teaching.teach(studied, FEW, thumbs, order[-n:], order[:n])
            found.append(leak(studied, taught, name))
        means.append(np.mean(found))
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize(
    ("more", "less", "told"),
    [([], [1], "nothing is picked"), ([3], [3], "4 is picked"), ([99], [], "no picture 100")],
)
def test_picks_that_make_no_sense_are_told(
    studied: StudiedModel, more: list[int], less: list[int], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        teaching.teach(studied, FEW, teaching.thumbs(studied, 0), more, less)


def test_what_is_fixed_stays(studied: StudiedModel) -> None:
    thumbs = teaching.thumbs(studied, 4, 300)
    truth = bench.factors(studied, thumbs)
    both = truth[:, FACTORS.index("hue")] + truth[:, FACTORS.index("ground")]
    order = [int(n) for n in both.argsort()]
    hue = [int(n) for n in truth[:, FACTORS.index("hue")].argsort()]
    known = teaching.teach(studied, FEW, thumbs, hue[-60:], hue[:60], 16)
    known = replace(known, name="hue")
    options = replace(FEW, fixed=("hue",), known=(known,))
    changes = []
    for each in (FEW, options):
        found = teaching.teach(studied, each, thumbs, order[-60:], order[:60], 16)
        changes.append(np.abs(bench.purity(studied, found)[0]))
    free, fixed = (each[[FACTORS.index("hue"), FACTORS.index("ground")]] for each in changes)
    assert free[0] > 0.5 * free[1]
    assert fixed[0] < 0.15 * fixed[1]
    with pytest.raises(ValueError, match="'rain' is no score, and no direction"):
        teaching.teach(studied, replace(options, fixed=("rain",)), thumbs, order[-6:], order[:6])


def test_apart_leaves_no_share_of_the_others() -> None:
    random = np.random.RandomState(0)
    fixed = random.randn(3, 9)
    left = apart(random.randn(4, 9), fixed)
    assert np.abs(left @ fixed.T).max() < 1e-9
    with pytest.raises(ValueError, match="fix fewer"):
        apart(fixed[:1] * 2, fixed)


def test_measured_directions_raise_what_is_measured(studied: StudiedModel) -> None:
    options = Options(samples=1000, scores=("brightness", "left", "top/left+brightness"))
    found = find("measured", studied, options)
    assert [each.name for each in found] == ["brightness", "left", "top"]
    w = studied.map(studied.latents(8, "seen", 200))
    changes = []
    for each in found:
        ends = [
            by_measured.measured(
                studied.draw(w, 32, [each], np.full((200, 1), step, np.float32)),
                ("brightness", "left", "top"),
            )
            for step in (-1.5, 1.5)
        ]
        changes.append((ends[1] - ends[0]).mean(0) / ends[0].std(0))
    table = np.array(changes)
    assert (np.diag(table) > 0.5).all()
    assert (np.abs(table - np.diag(np.diag(table))).max(1) < 0.5 * np.diag(table)).all()
    with pytest.raises(ValueError, match="there is no score 'rain'"):
        find("measured", studied, replace(options, scores=("rain",)))


def test_single_channels_are_found_and_local_ones_come_first(studied: StudiedModel) -> None:
    found = find("stylespace", studied, replace(FEW, count=15))
    assert {each.layer for each in found} == {"form", "colour"}
    assert len({each.name for each in found}) == 15
    w = studied.map(studied.latents(8, "seen", 1))
    for each in found[:3]:
        steps = np.array([[0.0], [5.0]], np.float32)
        pictures = studied.draw(np.repeat(w, 2, 0), 32, [each], steps)
        assert np.abs(pictures[1] - pictures[0]).max() > 0.02
    only = find("stylespace", studied, replace(FEW, layers=(1, 2), count=15))
    assert {each.layer for each in only} == {"colour"}


def test_layers_that_are_not_there_are_told(studied: StudiedModel) -> None:
    with pytest.raises(ValueError, match="layers 1-4: this model has the layers 0 to 1"):
        find("ganspace", studied, replace(FEW, layers=(1, 5)))
