"""A show made around a bare file (shader, network, picture, film), with comments that teach."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from engine.core.isf import header as isf
from engine.core.isf.inputs import IMAGES, Input
from engine.core.show.generator import Spec
from engine.documents.assets import assets_dir
from engine.documents.layer_files import FILMS, PICTURES, kind_of
from engine.documents.pictures import LARGEST_BYTES as LARGEST_PICTURE
from engine.documents.show.shaders.files import copies, read_shader
from engine.generators import registry
from engine.models import network
from engine.models.safetensors import SUFFIX as NATIVE
from engine.system import untrusted
from engine.system.atomic import write_bytes, write_text

SHADER = ".fs"
MODELS = (NATIVE, ".pkl", ".pt")
SUFFIXES = (SHADER, *MODELS, *PICTURES, *FILMS)
HIGH_PX = 720
_LARGE_PX = (1920, 1080)


def show_around(path: Path, name: str = "") -> str:
    """Write a show around a file.

    Parameters
    ----------
    path
        A shader that lies beside the show or among the shipped ones, a network, a picture, a film.
    name
        What the show calls it, but for a shader; none: by its whole path.

    Raises
    ------
    ValueError
        If it is none that can be played.
    OSError
        If it cannot be read.
    """
    if path.suffix == SHADER:
        return _around_shader(path, isf.parse(read_shader(path), path.name))
    if path.suffix.lower() in (*PICTURES, *FILMS):
        return _around_media(path, name or str(path.absolute()))
    return _around_network(path, name or str(path.absolute()))


def is_bare(path: Path) -> bool:
    """Whether a show is made around a file, by its suffix."""
    return path.suffix.lower() in SUFFIXES


def save_around(path: Path, out: Path) -> None:
    """Write the show around a file, and a shader of one's own beside it.

    Raises
    ------
    ValueError
        As `show_around`; or if `out` is no new file that ends in ``.toml``, or another shader of
        that name lies there.
    OSError
        If a file cannot be read or written.
    """
    if not is_bare(path):
        raise ValueError(
            f"{path}: --save-show writes a show around a shader ({SHADER}), a network "
            f"({', '.join(MODELS)}), a picture or a film; a show is a file already: copy it"
        )
    if out.suffix != ".toml" or out.exists():
        raise ValueError(f"{out}: name a new file that ends in .toml")
    folder = out.absolute().parent
    is_beneath = path.resolve().is_relative_to(folder.resolve())
    name = path.resolve().relative_to(folder.resolve()).as_posix() if is_beneath else ""
    text = show_around(path, name)
    if path.suffix == SHADER and path.parent.resolve() != assets_dir("shaders").resolve():
        files = copies(path, isf.parse(read_shader(path), path.name))
        for name, data in files.items():
            beside = untrusted.place(name, folder)
            if beside.exists() and untrusted.read_bytes(beside, LARGEST_PICTURE) != data:
                raise ValueError(f"{beside}: another file is there; write the show elsewhere")
        for name, data in files.items():
            beside = untrusted.place(name, folder)
            if not beside.exists():
                beside.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(beside, data)
    write_text(out, text)


def _quoted(text: str) -> str:
    import tomlkit

    return str(tomlkit.item(text).as_string())


def _title(path: Path) -> str:
    words = re.sub(r"[\W_]+", " ", path.stem).strip()
    return words.title() or "Untitled"


def _head(path: Path, size_px: tuple[int, int], more: str = "") -> str:
    name = "".join(letter for letter in path.name if letter.isprintable())
    return f"""\
# A show around {name}. Edit it, or a shader, while it plays: a good edit is taken over at once.
# Lines that begin with "#:" are suggestions: take the "#:" away. All that a show can say is in
# docs/shows.md; `latent-cinema addresses SHOW` lists what OSC can move while it plays.

schema = 1
name = {_quoted(_title(path))}
size_px = [{size_px[0]}, {size_px[1]}]
{more}"""


_SCENES = """
# Scenes: a key glides to these values. `after_s` goes on to the next one by itself.
#: [[cues]]
#: id = "one"
#: key = "1"
#: time_s = 4.0
#: set = {{ "{address}" = {low:g} }}
#: [[cues]]
#: id = "two"
#: key = "2"
#: time_s = 4.0
#: set = {{ "{address}" = {high:g} }}
"""
_SOUND = """
# Sound moves a number: audio/level, low, mid, high, onset, kick. M plays the built-in music.
{mark}[[routes]]
{mark}signal = "{signal}"
{mark}target = "{address}"
{mark}depth = {depth:g}
{mark}release_s = 0.4
"""
_FORM = """
[[layers]]
id = "{id}"                       # formulas; put a network in their place
{more}[layers.generator]
kind = "cppn"
[layers.path]
seed = {seed}
speed = 0.1
"""
_SHEET = """
[[layers]]
id = "sheet"                      # what the network sees: paint on it
opacity = 0.0
[layers.source]
shader = "paper"
inputs = { pen = "/brush", down = "/brush/down", press = "/brush/down", erase = "/brush/erase" }
"""
_FADE = """
# To and fro between the two pictures.
[[lfos]]
id = "fade"
rate_hz = 0.1
[[routes]]
signal = "lfo/fade"
target = "{address}"
mode = "replace"
depth = 1.0
"""
_PAINT = 'drag = "paint"                    # the left button; the right one erases\n'
_TRUNCATION = """\
[layers.generator.parameters]
truncation = 0.8                  # 1: as it was trained, lower: nearer to the usual; the wheel too
"""
_PATH = """\
[{place}]
motion = "walk"                   # keys, orbit, loop, drift ...: docs/latent.md
speed = 0.12                      # new pictures a second; Space flies elsewhere, dragging steers
"""


def _around_shader(path: Path, header: isf.Header) -> str:
    shader, is_filter = _quoted(path.stem), header.kind == "filter"
    images = [i.name for i in header.inputs if i.type == "image" and i.name != "inputImage"]
    of = {name: "other" if name == "endImage" else "form" for name in images}
    text = _head(path, (1280, HIGH_PX))
    text += _FORM.format(id="form", seed=0, more="") if is_filter else ""
    for each in sorted(set(of.values()) - ({"form"} if is_filter else set())):
        seed = 0 if each == "form" else 7
        text += _FORM.format(id=each, seed=seed, more="opacity = 0.0\n")
    if is_filter:
        place, name = "layers.effects", re.sub(r"[^a-z0-9_]", "_", path.stem.lower())[:32]
        root = f"/layer/form/effect/{name}"
        text += f"[[{place}]]\nshader = {shader}\nid = {_quoted(name)}\n"
    else:
        place, root = "layers.source", "/layer/picture/source"
        text += f'\n[[layers]]\nid = "picture"\n[{place}]\nshader = {shader}\n'
    text += _images(of)
    free = [each for each in header.inputs if each.type not in (*IMAGES, "event")]
    named = {p.address: p.choices for p in isf.parameters(header)}
    lines = [_input_line(each, named.get(each.name, ())) for each in free]
    text += f"[{place}.inputs]\n" + "".join(f"#: {line}\n" for line in lines)
    if header.kind == "transition":
        text += _FADE.format(address=f"{root}/progress")
    numbers = [each for each in free if each.type == "float"]
    if not numbers:
        return text
    low, high = (float(x) for x in (numbers[0].low, numbers[0].high))  # type: ignore[arg-type]
    address = f"{root}/{numbers[0].name}"
    part = (high - low) / 4
    text += _SOUND.format(mark="#: ", signal="audio/low", address=address, depth=part)
    return text + _SCENES.format(address=address, low=low + part, high=high - part)


def _images(of: Mapping[str, str]) -> str:
    """Say which layer each image input sees."""
    pairs = ", ".join(f"{name} = {_quoted(f'layer:{layer}')}" for name, layer in of.items())
    return f"images = {{ {pairs} }}\n" if of else ""


def _input_line(found: Input, choices: tuple[str, ...]) -> str:
    """Write an input as a show sets it, with its range."""
    if found.type == "bool":
        return f"{found.name} = {'true' if found.default else 'false'}"
    if isinstance(found.default, tuple):
        return f"{found.name} = [{', '.join(f'{x:g}' for x in found.default)}]"
    if choices:
        value = choices[found.values.index(int(found.default))]
        return f"{found.name} = {_quoted(value)}  # {', '.join(choices)}"
    return f"{found.name} = {found.default:g}  # {found.low:g} to {found.high:g}"


def _around_network(path: Path, name: str) -> str:
    from engine.models.card import peek
    from engine.models.importer.catalogue import playable

    found = peek(playable(path))
    family, licence = found.family, " ".join(found.licence.split())
    spec = registry.open_spec(family, {"path": str(path)}).spec
    is_drawing = family == network.PIX2PIX
    text = _head(path, _size_px(spec), _PAINT if is_drawing else "")
    text += _SHEET if is_drawing else ""
    seen = [port.name for port in spec.ports if port.geometry == "image"]
    of = dict(zip(seen, ("sheet" if is_drawing else "form", "other"), strict=False))
    for seed, each in enumerate(of.values()):
        text += "" if is_drawing else _FORM.format(id=each, seed=seed, more="opacity = 0.0\n")
    text += f"""
# Licence of the weights: {licence[:70]}
[[layers]]
id = "network"
[layers.generator]
kind = {_quoted(family)}
config = {{ path = {_quoted(name)} }}
rate_hz = 15                      # pictures a second; between them it is blended
"""
    text += _images(of)
    if any(p.address == "truncation" for p in spec.parameters):
        text += _TRUNCATION
    if len(seen) == len(spec.ports):
        return text
    place = "paths.style" if family == network.STYLE else "path"
    text += _PATH.format(place=f"layers.{place}")
    root = f"/layer/network/{place.replace('.', '/')}"
    text += _SOUND.format(mark="", signal="audio/kick", address=f"{root}/throw", depth=0.3)
    return text + _SCENES.format(address=f"{root}/speed", low=0.05, high=0.4)


def _size_px(spec: Spec) -> tuple[int, int]:
    """Make a canvas of the network's aspect: a square network fills a square."""
    aspect = 16 / 9 if spec.any_size else min(max(spec.aspect, 0.25), 4.0)
    return 2 * round(HIGH_PX * aspect / 2), HIGH_PX


_EFFECTS = """
# Effects come one after the other: all of them are in docs/shaders.md. `mix` is how much is seen.
#: [[layers.effects]]
#: shader = "trails"
#: mix = 0.5
#: [[layers.effects]]
#: shader = "kaleidoscope"
#: mix = 0.5
"""
_FILM = """\
[layers.film]
speed = 1.0                       # -8 to 8, also while it plays: /layer/{id}/film/speed
loop = true
#: beats = 16                     # one round takes 16 beats, whatever the tempo
#: begin = 0.25                   # only this part of it, 0 to 1
#: end = 0.75
"""


def _around_media(path: Path, name: str) -> str:
    kind = kind_of(path.name)
    spec = registry.open_spec(kind, {"path": str(path)}).spec
    root = math.sqrt(spec.aspect)
    own = spec.max_px * root, spec.max_px / root
    scale = min(1.0, *(most / side for most, side in zip(_LARGE_PX, own, strict=True)))
    width, height = (max(2 * round(side * scale / 2), 16) for side in own)
    text = _head(path, (width, height))
    text += f'\n[[layers]]\nid = "{kind}"\nfile = {_quoted(name)}\n'
    moved = ("opacity", 0.4, 1.0)
    if kind == "film":
        text += _FILM.format(id=kind)
        moved = ("film/speed", 0.25, 2.0)
    text += _EFFECTS
    address = f"/layer/{kind}/{moved[0]}"
    text += _SOUND.format(
        mark="#: ", signal="audio/low", address=f"/layer/{kind}/effect/trails/mix", depth=0.5
    )
    return text + _SCENES.format(address=address, low=moved[1], high=moved[2])
