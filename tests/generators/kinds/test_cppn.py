"""The embedded generator: its contract, its laws, and bounds on what it looks like."""

import math
import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.parameter import Kind
from engine.core.show.generator import Request
from engine.generators import contract
from engine.generators.cppn import palette
from engine.generators.cppn import weights as style
from engine.generators.kinds import cppn

torch = pytest.importorskip("torch")

SIZES = [
    ((64, 64), 1.0),
    ((128, 96), 4 / 3),
    ((97, 65), 97 / 65),
    ((256, 72), 32 / 9),
    ((72, 256), 9 / 32),
    ((80, 80), 1.5),  # rounded size: geometry follows the aspect
    ((512, 512), 1.0),
]


@pytest.fixture(
    scope="module",
    params=[
        "cpu",
        pytest.param("cuda", marks=pytest.mark.cuda),  # skipped by conftest where there is none
    ],
)
def generator(request):
    return cppn.build(cppn.Config(), request.param)


def latent(seed, size=64):
    return np.random.RandomState(seed).randn(size).astype(np.float32)


def ask(seed=1, size_px=(64, 64), aspect=None, z=None, z_b=None, **parameters):
    latents = {"z": latent(seed) if z is None else z}
    if z_b is not None:
        latents["z_b"] = z_b
    aspect = size_px[0] / size_px[1] if aspect is None else aspect
    return Request(0.0, latents, parameters, size_px, aspect)


def draw(generator, *args, **kwargs):
    """Pixels [shape=(H, W, 4)] in 0..1."""
    pixels, _ = generator.render(ask(*args, **kwargs))
    return pixels[0].permute(1, 2, 0).cpu().numpy()


def on_black(pixels):
    return pixels[..., :3] * pixels[..., 3:]


def distance(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


# The contract


def test_spec_needs_no_torch():
    code = (
        "import sys\nfrom engine.generators.kinds import cppn\ns = cppn.spec(cppn.Config())\n"
        "assert 'torch' not in sys.modules\nprint(s.name, s.ports[0].shape[0], len(s.layers))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, size, layers = done.stdout.split()
    assert (name, int(size) >= 32, int(layers) >= 6) == ("cppn", True, True)


def test_spec_is_consistent(generator):
    spec = generator.spec
    assert spec == cppn.spec(cppn.Config())
    assert len({p.address for p in spec.parameters}) == len(spec.parameters)
    for parameter in spec.parameters:
        assert parameter.low <= parameter.default <= parameter.high, parameter.address
        assert parameter.text.endswith("."), parameter.address
    assert set(spec.bendable) <= set(spec.layers)
    assert sorted(place for places in style.GROUPS.values() for place in places) == list(range(8))


@pytest.mark.parametrize(("size_px", "aspect"), SIZES)
@pytest.mark.parametrize("form", [0.0, 1.0])
def test_contract(generator, size_px, aspect, form):
    request, memory = ask(3, size_px, aspect, form=form), object()
    pixels, after = generator.render(request, memory)
    assert pixels.shape == (1, 4, size_px[1], size_px[0])
    assert pixels.dtype is torch.float32
    assert after is memory
    assert torch.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert torch.equal(generator.render(request, None)[0], pixels)
    if form == 0:
        assert (pixels[:, 3] == 1).all()


def test_two_builds_agree(generator):
    again = cppn.build(cppn.Config(), generator.device)
    assert np.array_equal(draw(again, 5), draw(generator, 5))
    other = cppn.build(cppn.Config(network_seed=1), generator.device)
    assert distance(draw(other, 5), draw(generator, 5)) > 0.05


def test_the_weights_are_pinned():
    found = style.draw_normals(42, "pin", 3)
    assert found == pytest.approx([0.40996646, -1.07239729, 1.43374151], abs=1e-7)
    many = style.draw_normals(1, "many", 20000)
    assert abs(many.mean()) < 0.03
    assert many.std() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"latents": {}}, "no latent 'z'"),
        ({"latents": {"z": np.zeros(3, np.float32)}}, "has shape"),
        ({"size_px": (0, 64)}, "0x64 px"),
        ({"aspect": math.nan}, "aspect"),
    ],
)
def test_bad_requests_say_what_is_wrong(generator, change, says):
    whole = {"seconds": 0.0, "latents": {"z": latent(1)}, "size_px": (64, 64), "aspect": 1.0}
    with pytest.raises(ValueError, match=says):
        generator.render(Request(**{**whole, **change}))


def test_bad_config():
    with pytest.raises(ValueError, match="latent_size"):
        cppn.build(cppn.Config(latent_size=8))


# Geometry


@pytest.mark.parametrize(("size_px", "aspect"), SIZES)
def test_a_circle_stays_a_circle(generator, size_px, aspect):
    alpha = draw(generator, 2, size_px, aspect, form=1.0, warp=0.0)[..., 3]
    step_x = 2 * max(aspect, 1) / size_px[0]
    step_y = 2 * max(1 / aspect, 1) / size_px[1]
    # Sums of coverage over the middle rows are diameters, to a fraction of a pixel.
    across = alpha[size_px[1] // 2].sum() * step_x
    along = alpha[:, size_px[0] // 2].sum() * step_y
    assert across == pytest.approx(along, abs=1.5 * max(step_x, step_y))
    assert across == pytest.approx(2 * 0.66, abs=1.5 * max(step_x, step_y))
    area = alpha.sum() * step_x * step_y
    assert area == pytest.approx(math.pi * (across / 2) ** 2, rel=0.05)


def test_moving_and_zooming_move_the_same_picture(generator):
    """Exposure does not depend on the view: a shifted view shows shifted pixels."""
    still = draw(generator, 4, (128, 64))
    moved = draw(generator, 4, (128, 64), offset_x=0.5)  # 16 of 64 px in the short side
    assert distance(moved[4:-4, 20:-4], still[4:-4, 4:-20]) < 2e-3
    near = draw(generator, 4, (64, 64), scale=2.0)
    far = draw(generator, 4, (128, 128))[32:96, 32:96]
    assert distance(near[4:-4, 4:-4], far[4:-4, 4:-4]) < 2e-2


def test_symmetry_ends_in_a_mirror(generator):
    # Without relief: the light that rakes over it comes from one side, mirror or not.
    pixels = draw(generator, 6, (96, 64), symmetry=1.0, relief=0.0)
    assert distance(pixels, pixels[:, ::-1]) < 1e-3
    assert distance(draw(generator, 6, (96, 64)), pixels) > 0.02


@pytest.mark.parametrize("seed", range(4))
def test_small_pictures_are_small_copies_of_large_ones(generator, seed):
    """Aliasing: one sample per pixel against the mean of sixteen."""
    small = on_black(draw(generator, seed, (96, 96)))
    large = on_black(draw(generator, seed, (384, 384)))
    assert distance(small, large.reshape(96, 4, 96, 4, 3).mean((1, 3))) < 0.05


# Styles


def test_styles_have_unit_spread(generator):
    z = torch.tensor(np.random.RandomState(0).randn(4000, 64), dtype=torch.float32)
    w = generator.map(z.to(generator.device)) - generator.weights.w_avg
    assert w.mean(0).abs().max() < 0.1
    assert (w.std(0) - 1).abs().max() < 0.1
    strength = torch.linalg.svdvals(w.cpu()).square()
    assert strength.sum() ** 2 / strength.square().sum() > 45  # effective dimensions


def test_truncation_zero_is_one_picture(generator):
    first, second = (draw(generator, seed, truncation=0.0) for seed in (1, 2))
    assert np.array_equal(first, second)
    assert on_black(first).std() > 0.03


def test_truncation_spreads_pictures(generator):
    """Above psi 0.3 pictures are as different as they get; below, each step spreads them more."""

    def spread(psi):
        sheet = [on_black(draw(generator, seed, truncation=psi)) for seed in range(5)]
        return np.mean([distance(a, b) for a, b in combinations(sheet, 2)])

    spreads = [spread(psi) for psi in (0.0, 0.02, 0.05, 0.2)]
    assert spreads[0] == 0
    assert all(1.2 * a < b for a, b in pairwise(spreads))


@pytest.mark.parametrize("group", style.GROUPS)
def test_truncation_of_a_group_leaves_the_others(generator, group):
    z = torch.tensor(np.stack([latent(1), latent(2)])).to(generator.device)
    whole = generator.mix(z, contract.complete(cppn.spec(cppn.Config()), {}))[0]
    less = generator.mix(
        z, contract.complete(cppn.spec(cppn.Config()), {f"truncation_{group}": 0.5})
    )[0]
    changed = {i for i in range(len(whole)) if not torch.equal(whole[i], less[i])}
    assert changed == set(style.GROUPS[group])


def test_mixing_ends_at_pure_styles(generator):
    a, b = latent(1), latent(2)
    mixes = dict.fromkeys(("mix_coarse", "mix_middle", "mix_fine"), 1.0)
    assert distance(draw(generator, z=a, z_b=b), draw(generator, z=a)) < 1e-4
    assert distance(draw(generator, z=a, z_b=b, **mixes), draw(generator, z=b)) < 1e-3
    # Without z_b there is nothing to mix with.
    assert distance(draw(generator, z=a, **mixes), draw(generator, z=a)) < 1e-4
    coarse = draw(generator, z=a, z_b=b, mix_coarse=1.0)
    assert distance(coarse, draw(generator, z=a)) > 0.02
    assert distance(coarse, draw(generator, z=b)) > 0.02


@given(part=st.floats(0, 1), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_mixing_keeps_the_distance_from_the_mean(part, seed):
    weights = style.make_weights(42, 64, "cpu")
    w = style.map_latents(weights, torch.tensor(np.stack([latent(seed), latent(seed + 100)])))
    mixed = style.mix_styles(weights, w, style.mixing([1.0] * 8, [part] * 8))[0] - weights.w_avg
    ends = (w - weights.w_avg).norm(dim=1)
    assert ends.min() * 0.999 <= mixed.norm(dim=1).min()
    assert mixed.norm(dim=1).max() <= ends.max() * 1.001


def test_bending_reaches_each_bendable_layer(generator):
    controls = contract.complete(cppn.spec(cppn.Config()), {})
    z = torch.tensor(np.stack([latent(1), latent(1)])).to(generator.device)
    ws = generator.mix(z, controls)
    plain = generator.synthesize(ws, controls, (64, 64), 1.0)
    seen = []

    def watch(name, planes):
        seen.append(name)
        assert planes.shape[1:] == (66, 66)
        return planes

    assert torch.equal(generator.synthesize(ws, controls, (64, 64), 1.0, watch), plain)
    assert tuple(seen) == generator.spec.bendable
    for layer in generator.spec.bendable:
        bent = generator.synthesize(
            ws, controls, (64, 64), 1.0, lambda name, x, at=layer: x * 0.3 if name == at else x
        )
        assert (bent - plain).abs().mean() > 1e-3, layer


def test_gradients_reach_the_latent(generator):
    z = torch.tensor(np.stack([latent(1), latent(2)]), device=generator.device, requires_grad=True)
    controls = contract.complete(cppn.spec(cppn.Config()), {"form": 0.5, "mix_fine": 0.5})
    pixels = generator.synthesize(generator.mix(z, controls), controls, (64, 64), 1.0)
    (slope,) = torch.autograd.grad(pixels.mean(), z)
    assert torch.isfinite(slope).all()
    assert (slope.abs().sum(1) > 0).all()


def test_batches_are_items(generator):
    controls = contract.complete(cppn.spec(cppn.Config()), {})
    pairs = [torch.tensor(np.stack([latent(s), latent(s)])).to(generator.device) for s in (1, 2)]
    ws = torch.cat([generator.mix(pair, controls) for pair in pairs])
    both = generator.synthesize(ws, controls, (64, 64), 1.0)
    assert torch.equal(both[1:], generator.synthesize(ws[1:], controls, (64, 64), 1.0))


# Hostile input


def hostile():
    low = {p.address: p.low for p in cppn.PARAMETERS}
    high = {p.address: p.high for p in cppn.PARAMETERS}
    yield low
    yield high
    for parameter in cppn.PARAMETERS:
        yield {parameter.address: parameter.low}
        yield {parameter.address: parameter.high}
        yield {parameter.address: math.nan}


def test_ends_of_every_range_are_finite(generator):
    for parameters in hostile():
        pixels, _ = generator.render(ask(3, (64, 64), **parameters))
        assert torch.isfinite(pixels).all(), parameters
        assert pixels.min() >= 0, parameters
        assert pixels.max() <= 1, parameters


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_parameters_and_latents_are_finite(generator, data):
    number = st.floats(allow_nan=True, allow_infinity=True)
    parameters = {p.address: data.draw(st.floats(p.low, p.high)) for p in cppn.PARAMETERS}
    parameters[data.draw(st.sampled_from(sorted(parameters)))] = data.draw(number)
    z = np.full(64, data.draw(st.floats(width=32, allow_nan=True, allow_infinity=True)), np.float32)
    pixels, _ = generator.render(ask(z=z, z_b=latent(2), **parameters))
    assert torch.isfinite(pixels).all()


# Looks


def sheet(generator, count=16, **parameters):
    return np.stack([on_black(draw(generator, s, (80, 80), **parameters)) for s in range(count)])


def linear(pixels):
    return np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)


def chroma(pixels):
    """OKLab chroma [shape=(...)]: the palette's matrices inverted."""
    lms = np.cbrt(linear(pixels) @ np.linalg.inv(palette._RGB_FROM_LMS).T)
    lab = lms @ np.linalg.inv(palette._LMS_FROM_LAB).T
    return np.hypot(lab[..., 1], lab[..., 2])


@pytest.mark.parametrize("place", range(len(palette.NAMES)))
def test_the_sheet_has_black_light_and_colour(generator, place):
    pictures = sheet(generator, palette=place)
    black = (pictures.max(-1) < 10 / 255).mean((1, 2))
    assert black.min() > 0.05
    assert black.max() < 0.6
    assert (pictures.max(-1).max((1, 2)) > 0.7).all()  # each has light somewhere
    assert (pictures.min(-1) > 0.92).mean() < 0.01  # little burns out
    assert pictures.mean(-1).std((1, 2)).min() > 0.1
    lit = chroma(pictures)[pictures.max(-1) > 0.1].mean()
    name = palette.NAMES[place]
    assert lit < 2e-3 if name == "slate" else lit > (0.02 if name == "bone" else 0.05)


def test_seeds_differ(generator):
    pictures = sheet(generator)
    closest = min(distance(a, b) for a, b in combinations(pictures, 2))
    assert closest > 0.15


def between(a, b, part):
    angle = math.acos(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    mixed = math.sin((1 - part) * angle) * a + math.sin(part * angle) * b
    return (mixed / math.sin(angle)).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_motion_is_smooth(generator, seed):
    a, b = latent(seed), latent(seed + 50)

    def step(size):
        frames = [draw(generator, z=between(a, b, 0.3 + i * size))[..., :3] for i in range(3)]
        return np.mean([np.abs(q - p).mean() for p, q in pairwise(frames)])

    whole, half, quarter = step(0.004), step(0.002), step(0.001)
    assert whole < 0.05  # per third of a degree
    assert half == pytest.approx(whole / 2, rel=0.15)
    assert quarter == pytest.approx(whole / 4, rel=0.15)


def test_every_continuous_parameter_is_continuous_and_does_something(generator):
    base = {"form": 0.5, "palette_mix": 0.5, "symmetry": 0.8, "height": 0.2, "mix_fine": 0.3}
    z_b = latent(9)
    for parameter in cppn.PARAMETERS:
        if parameter.kind is not Kind.FLOAT:
            continue
        start = base.get(parameter.address, parameter.low + 0.41 * (parameter.high - parameter.low))
        pictures = [
            draw(generator, z_b=z_b, **{**base, parameter.address: start + part * span})
            for span in [parameter.high - parameter.low]
            for part in (0.0, 0.002, 0.008)
        ]
        small = np.abs(pictures[1] - pictures[0]).mean()
        large = np.abs(pictures[2] - pictures[0]).mean()
        assert small > 1e-6, parameter.address
        assert small < 0.5 * large, parameter.address
        assert large < 0.1, parameter.address


def test_form_and_symmetry_begin_gently(generator):
    still = draw(generator)
    for name in ("form", "symmetry", "height", "palette_mix"):
        assert np.abs(draw(generator, **{name: 1e-3}) - still).mean() < 2e-3, name


# Palettes


def test_tables_are_in_gamut_with_true_black_and_a_closed_ring():
    assert len(palette.NAMES) >= 6
    for item in palette.PALETTES:
        table = palette.tabulate(item)
        light = palette.linear_from_oklab(table)
        assert light.min() > -2e-4, item.name
        assert light.max() < 1 + 2e-4, item.name
        assert np.abs(light[0]).max() == 0, item.name
        assert table[:, 0] == pytest.approx(table[:, -1]), item.name
        assert (np.diff(table[..., 0], axis=0) >= -1e-9).all(), item.name  # more light is lighter


def test_shift_by_one_is_no_shift(generator):
    still = draw(generator)
    assert distance(draw(generator, palette_shift=1.0), still) < 1e-3
    assert distance(draw(generator, palette_shift=0.5), still) > 0.03


@pytest.mark.parametrize(
    "controls", [{}, {"symmetry": 0.7, "scale": 1.7, "rotation": 0.4}, {"form": 0.6, "detail": 0.9}]
)
def test_what_a_graph_would_draw_is_the_picture(controls: dict[str, float]) -> None:
    """Numbers lie in tensors of fixed place: nothing on the way looks at one."""
    generator = cppn.build(cppn.Config())
    random = np.random.default_rng(3)
    latents = {p.name: random.normal(size=p.shape).astype(np.float32) for p in generator.spec.ports}
    asked = Request(0.0, latents, {"mix_fine": 0.4, **controls}, (48, 32), 1.5)
    wanted, _ = generator.render(asked)
    generator.graphs.is_on = True  # without a GPU nothing is captured
    found, _ = generator.render(asked)
    assert float((found - wanted).abs().max()) < 2e-3
    assert len(generator.graphs._kept) == 1


@pytest.mark.parametrize("flags", [(False, False), (True, True)])
def test_a_frame_of_the_built_in_network_waits_for_nothing(flags: tuple[bool, bool]) -> None:
    from bench.gpu_bytes import META

    here, there = cppn.build(cppn.Config()), cppn.build(cppn.Config(), META)
    latents = {p.name: np.ones(p.shape, np.float32) for p in here.spec.ports}
    asked = Request(0.0, latents, {}, (48, 32), 1.5)
    controls = contract.complete(here.spec, {})
    given = here.graph_inputs(asked, controls)
    moved = cppn.GraphInputs(*(tensor.to("meta") for tensor in given.tensors()))
    shape = cppn.Shape(asked.size_px, asked.aspect, cppn.Flags(*flags))
    assert there.draw_graph(moved, shape).shape == (1, 4, 32, 48)
