"""Network bending: every operation against a slow reference, rest bit by bit, one graph for all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.rng import draw
from engine.core.show.generator import Request
from engine.generators.cpu.compile import is_compiled
from engine.generators.editing import bend_plan
from engine.generators.editing.bend import SHARPNESS, ActiveBends, BendRuntime, prepare
from engine.generators.editing.bend_ops import OPS, BendTable
from engine.generators.kinds import cppn, stylegan2, stylegan3
from engine.models.random_networks import make_stylegan2, make_stylegan3
from tests import stylegan_files as files

Array = np.ndarray[Any, Any]
one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
RANDOM = np.random.RandomState(5)
X = RANDOM.randn(1, 6, 9, 14).astype(np.float32)
MOVES = {
    "translate": {"_x": 0.25, "_y": -0.1},
    "rotate": {"": 0.7},
    "scale": {"": 1.7},
    "flip_h": {"": 1.0},
    "flip_v": {"": 0.8},
}
OTHERS: dict[str, dict[str, float]] = {
    "erode": {"": 2.0},
    "dilate": {"": 1.5},
    "threshold": {"": 0.75, "_at": 0.3},
    "invert": {"": 0.6},
    "multiply": {"": -1.5},
    "add": {"": 0.4},
    "ablate": {"": 0.75},
    "noise": {"": 0.5},
    "swap": {"": 1.0},
}
WISHES = {**MOVES, **OTHERS}


def bend(tables: list[BendTable], controls: Mapping[str, float], x: Array = X) -> Array:
    """Bend features of one layer, ``a``, by the whole way from the show's tables."""
    plan = bend_plan.make_plan(tables, {"a": x.shape[1]}, lambda layer: None)
    numbers = bend_plan.table(plan, controls, {"a": x.shape[3] / x.shape[2]})
    bent = ActiveBends(prepare(plan, "cpu"), torch.from_numpy(numbers))
    found: Array = bent("a", torch.from_numpy(x)).numpy()
    return found


def controls_of(table: BendTable, wish: Mapping[str, float]) -> dict[str, float]:
    rest = {f"{table.name}{knob.end}": knob.default for knob in OPS[table.op]}
    return rest | {f"{table.name}{end}": value for end, value in wish.items()}


def placed(plane: Array, op: str, wish: Mapping[str, float]) -> Array:
    """Move a plane pixel by pixel: where each comes from, and what lies there."""
    height, width = plane.shape
    out = np.zeros_like(plane)
    for i in range(height):
        for j in range(width):
            x, y = j + 0.5 - width / 2, i + 0.5 - height / 2
            if op == "translate":
                x, y = x - wish["_x"] * width, y - wish["_y"] * height
            elif op == "rotate":
                c, s = math.cos(wish[""]), math.sin(wish[""])
                x, y = c * x + s * y, c * y - s * x
            elif op == "scale":
                x, y = x / wish[""], y / wish[""]
            else:
                factor = 1 - 2 * wish[""]
                x, y = (x * factor, y) if op == "flip_h" else (x, y * factor)
            u, v = x + width / 2 - 0.5, y + height / 2 - 0.5
            for row in (math.floor(v), math.floor(v) + 1):
                for column in (math.floor(u), math.floor(u) + 1):
                    if 0 <= row < height and 0 <= column < width:
                        part = (1 - abs(v - row)) * (1 - abs(u - column))
                        out[i, j] += part * plane[row, column]
    return out


def grown(plane: Array, radius: int) -> Array:
    """The largest of each square, place by place."""
    wide = np.pad(plane, radius, constant_values=-np.inf)
    height, width = plane.shape
    side = 2 * radius + 1
    rows = [[wide[i : i + side, j : j + side].max() for j in range(width)] for i in range(height)]
    return np.array(rows)


def reference(op: str, wish: Mapping[str, float], x: Array, place: int) -> Array:
    """What becomes of one channel of features [shape=(C, H, W)]."""
    plane = x[place].astype(np.float64)
    value = wish.get("", 0.0)
    if op in MOVES:
        return placed(plane, op, wish)
    if op == "erode":
        return -grown(-plane, 2)
    if op == "dilate":
        return (grown(plane, 1) + grown(plane, 2)) / 2
    if op == "threshold":
        step = 1 / (1 + np.exp(-SHARPNESS * (plane - wish["_at"])))
        return (1 - value) * plane + value * step
    if op == "noise":
        pattern = draw(0, "bend/noise/a", 0, plane.size).reshape(plane.shape)
        return plane + value * pattern
    linear = {
        "invert": (1 - value) * plane + value * (1 - plane),
        "multiply": value * plane,
        "add": plane + value,
        "ablate": (1 - value) * plane,
    }
    return linear[op]


@pytest.mark.parametrize("op", [op for op in OPS if op != "swap"])
def test_an_operation_is_its_slow_reference_on_its_channels_alone(op: str) -> None:
    table = BendTable("a", op, (1, 3))
    found = bend([table], controls_of(table, WISHES[op]))
    for place in range(6):
        if not 1 <= place <= 3:
            assert np.array_equal(found[0, place], X[0, place])
        else:
            wanted = reference(op, WISHES[op], X[0], place)
            assert np.abs(found[0, place] - wanted).max() < 1e-5


def test_a_swap_gives_every_channel_anothers_place() -> None:
    table = BendTable("a", "swap", (1, 4))
    found = bend([table], {"bend_swap": 1.0})
    same = [[np.allclose(a, b, atol=1e-6) for b in X[0]] for a in found[0]]
    assert np.array_equal(np.sum(same, 0), np.ones(6))
    assert [row[k] for k, row in enumerate(same)] == [True, False, False, False, False, True]


def test_bends_of_one_layer_go_together() -> None:
    """Two moves are one move of both, in order; gains and offsets follow each other."""
    tables = [
        BendTable("a", "rotate", "all"),
        BendTable("a", "translate", (0, 2)),
        BendTable("a", "multiply", (2, 5)),
        BendTable("a", "invert", (2, 2)),
    ]
    plan = bend_plan.make_plan(tables, {"a": 6}, lambda layer: None)
    assert len(prepare(plan, "cpu")["a"].groups) == 2
    quarter = math.pi / 2
    controls = {
        "bend_rotate": quarter, "bend_translate_x": 0.5, "bend_translate_y": 0.0,
        "bend_multiply": 3.0, "bend_invert": 1.0,
    }  # fmt: skip
    x = np.ascontiguousarray(X[:, :, :8, :8])
    found = bend(tables, controls, x)
    turned = np.rot90(x[0], -1, (1, 2))
    moved = np.zeros_like(turned)
    moved[:, :, 4:] = turned[:, :, :4]
    assert np.abs(found[0, :2] - moved[:2]).max() < 1e-4
    assert np.abs(found[0, 2] - (1 - 3 * moved[2])).max() < 1e-4
    assert np.abs(found[0, 3:] - 3 * turned[3:]).max() < 1e-4


def test_chance_is_the_same_every_time_and_a_larger_share_contains_the_smaller() -> None:
    shares = {}
    for share in (0.2, 0.5, 0.8):
        chosen = [
            bend_plan._choose(BendTable("b", "add", share, seed=seed), 50, lambda layer: None)
            for seed in (0, 0, 1)
        ]
        assert np.array_equal(chosen[0], chosen[1])
        assert not np.array_equal(chosen[0], chosen[2])
        assert chosen[0].sum() == share * 50
        shares[share] = chosen[0]
    assert (shares[0.2] <= shares[0.5]).all()
    assert (shares[0.5] <= shares[0.8]).all()
    half = bend_plan._choose(BendTable("b", "add", "half"), 50, lambda layer: None)
    assert np.array_equal(half, shares[0.5])
    other = bend_plan._choose(BendTable("c", "add", "half"), 50, lambda layer: None)
    assert not np.array_equal(half, other)


ALL = tuple(
    BendTable("b16.conv1" if n % 2 else "b8.conv0", op, 0.6, seed=n) for n, op in enumerate(OPS)
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    two = make_stylegan2(16, base=256, most=20, dims=(16, 0, 24), mapping_layers=2)
    three = make_stylegan3(16, base=256, most=20, dims=(16, 0, 24), mapping_layers=2)
    return {
        "stylegan2": files.save(folder / "two.safetensors", "stylegan2", *two),
        "stylegan3": files.save(folder / "three.safetensors", "stylegan3", *three),
    }


def request(side: int = 16, **controls: float) -> Request:
    z = np.linspace(-2, 2, 16).astype(np.float32)
    return Request(0.0, {"z": z}, controls, (side, side))


def moved(tables: tuple[BendTable, ...]) -> dict[str, float]:
    return {k: v for table in tables for k, v in controls_of(table, WISHES[table.op]).items()}


def test_at_rest_a_bent_network_is_the_unbent_one(paths: dict[str, Path]) -> None:
    config = stylegan2.Config(str(paths["stylegan2"]))
    plain = stylegan2.build(config).render(request())[0]
    generator = stylegan2.build(replace(config, bends=ALL))
    assert len(generator.spec.parameters) > len(ALL) + 20
    assert torch.equal(generator.render(request())[0], plain)
    for table in ALL:
        alone = moved((table,))
        assert not torch.equal(generator.render(request(**alone))[0], plain), table.op


@pytest.mark.parametrize("family", ["stylegan2", "stylegan3"])
@pytest.mark.parametrize("wall", [{}, {"wide": 1.5, "points": 2}])
def test_the_loops_bend_as_the_plain_path_does(
    paths: dict[str, Path], family: str, wall: dict[str, Any]
) -> None:
    module = stylegan2 if family == "stylegan2" else stylegan3
    layers = module.spec(module.Config(str(paths[family]))).layers
    tables = tuple(
        replace(table, at=layers[-1] if n % 5 == 0 else layers[n % len(layers)])
        for n, table in enumerate(ALL)
    )
    generator = module.build(module.Config(str(paths[family]), bends=tables, **wall))
    asked = request(64, **moved(tables))
    if wall:
        z = np.stack([asked.latents["z"], -asked.latents["z"]])
        asked = replace(asked, latents={"z": z})
    plain = generator.render(asked)[0]
    generator.warm_up()
    assert generator.drawing.path == ("loops" if is_compiled() else "plain")
    assert files.distance(generator.render(asked)[0], plain) < 1e-4


def test_one_graph_serves_every_number(paths: dict[str, Path]) -> None:
    """What a GPU does: every step is taken, whatever its numbers say; rest comes out as rest."""
    generator = stylegan2.build(stylegan2.Config(str(paths["stylegan2"]), bends=ALL))
    bends = generator.drawing.bends
    rest = {p.address: p.default for p in generator.spec.parameters}
    for layer in bends._layers.values():
        x = torch.randn(1, len(layer.cells), 16, 16, generator=torch.Generator().manual_seed(1))
        for wish in ({}, moved(ALL)):
            bent = ActiveBends(bends._layers, bends.numbers({**rest, **wish}))
            seen = bent(layer.plan.name, x)
            bent.layers, bent._looks = bends._layers, False
            assert files.distance(bent(layer.plan.name, x), seen) < 2e-5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "b99"}, r"bends\[0\]\.at: 'b99' is not known; there are: b4"),
        ({"op": "melt"}, "translate"),
        ({"channels": "cluster:1"}, "latent-cinema bend"),
        ({"channels": "most"}, "half"),
        ({"channels": 0.0}, "share"),
        ({"channels": (3, 99)}, "0 to 19"),
        ({"id": "No Good"}, "no ID"),
        ({"edge": "torn"}, "reflection"),
    ],
)
def test_what_cannot_be_bent_is_told(
    paths: dict[str, Path], change: dict[str, Any], said: str
) -> None:
    table = replace(BendTable("b8.conv0", "add"), **change)
    with pytest.raises(ValueError, match=said):
        stylegan2.spec(stylegan2.Config(str(paths["stylegan2"]), bends=(table,)))


def test_addresses_are_not_shared() -> None:
    for tables in (
        [BendTable("a", "add"), BendTable("a", "add")],
        [BendTable("a", "translate", id="go"), BendTable("a", "scale", id="go_x")],
        [BendTable("a", "threshold", id="go"), BendTable("a", "add", id="go")],
    ):
        with pytest.raises(ValueError, match=r"bends\[1\]\.id.*give one an id"):
            bend_plan.make_plan(tables, {"a": 4}, lambda layer: None)
    many = [BendTable("a", "add", id=f"a{n}") for n in range(17)]
    with pytest.raises(ValueError, match="more than 16"):
        bend_plan.make_plan(many, {"a": 4}, lambda layer: None)


def test_nothing_bent_costs_nothing(paths: dict[str, Path]) -> None:
    generator = stylegan2.build(stylegan2.Config(str(paths["stylegan2"])))
    bends = generator.drawing.bends
    assert not bends
    assert bends.bend(bends.numbers({})) is None
    assert isinstance(bends, BendRuntime)


def test_the_planes_of_a_cppn_are_bent_too() -> None:
    tables = (BendTable("flow", "multiply"), BendTable("vein", "rotate", "half"))
    plain, bent = cppn.build(cppn.Config()), cppn.build(cppn.Config(bends=tables))
    z = {"z": np.random.RandomState(1).randn(64).astype(np.float32)}

    def draw_it(generator: cppn.Generator, **controls: float) -> torch.Tensor:
        return generator.render(Request(0.0, z, controls, (48, 32), 1.5))[0]

    rest = draw_it(plain)
    assert torch.equal(draw_it(bent), rest)
    warped = draw_it(bent, bend_multiply=-1.0)
    assert files.distance(warped, rest) > 0.05
    turned = draw_it(bent, bend_rotate=0.5)
    assert files.distance(turned, rest) > 0.05
    assert turned.isfinite().all()
    with pytest.raises(ValueError, match=r"bends\[0\]\.at: 'light'"):
        cppn.spec(cppn.Config(bends=(BendTable("light", "add"),)))
