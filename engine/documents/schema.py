"""Schema of the show file: its tables as msgspec structs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import msgspec

from engine.core.parameter import Kind
from engine.core.show.layer import BLENDS, SPACES
from engine.core.show.placing import FITS, MIRRORS, TILES
from engine.core.trajectory.parts import make_parts
from engine.documents.modulation_tables import MODULATORS, LfoTable, MacroTable
from engine.documents.part_tables import (
    ColourTable,
    DecksTable,
    FilmTable,
    MappingTable,
    SheetTable,
    SolidTable,
    TextTable,
)

Number = bool | int | float | str | list[float]


class _Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A table that refuses keys it does not know."""


class KeyTable(_Table, frozen=True):
    """One of ``keys``: a seed, or a file and the number of a latent in it; its time in knots."""

    seed: int | None = None
    file: str | None = None
    row: int | None = None
    at: float | None = None


class _PathKeys(_Table, frozen=True):
    """Keys of ``[layers.path]`` that are no settings of a motion or a modifier."""

    motion: str = "walk"
    seeds: list[int] = []
    seed: int = 0
    speed: float = 0.15
    offset: float = 0.0
    radius: float = 1.0
    throw: float = 0.0
    throw_seed: int = 0
    spread: float | None = None
    steer: float = 1.0
    jump_s: float = 0.8
    map: str = ""
    inputs: int = 0
    keys: list[int | str | KeyTable] = []
    bans: str = ""
    journal: str = ""
    invert: str = ""


def _path_table() -> type[_PathKeys]:
    """Add what the tables of motions and modifiers bring: names of motions, and settings."""
    parts = make_parts()
    fields: list[tuple[str, Any, Any]] = [
        ("motion", _ONE_OF[tuple(motion.name for motion in parts.motions)], "walk")
    ]
    for each in parts.settings:
        if each.kind is Kind.CHOICE:
            fields.append((each.name, _ONE_OF[each.choices], each.choices[int(each.default)]))
        elif each.kind is not Kind.TRIGGER:
            kind = {Kind.INT: int, Kind.BOOL: bool}.get(each.kind, float)
            fields.append((each.name, kind, kind(each.default)))
    made: Any = msgspec.defstruct(
        "PathTable", fields, bases=(_PathKeys,), namespace={"__doc__": _PATH_DOC}, kw_only=True,
        frozen=True, forbid_unknown_fields=True,
    )  # fmt: skip
    return made  # type: ignore[no-any-return]


_ONE_OF: Any = Literal  # of words that are known only when the tables are read
_PATH_DOC = "``[layers.path]``: a trajectory; see `engine.core.trajectory.chain`."
if TYPE_CHECKING:
    PathTable = _PathKeys
else:
    PathTable = _path_table()


if TYPE_CHECKING:
    Blend = str
    Space = str
    Fit = str
    Mirror = str
    Tile = str
else:
    Blend, Space, Fit, Mirror, Tile = (
        _ONE_OF[words] for words in (BLENDS, SPACES, FITS, MIRRORS, TILES)
    )


class ImageTable(_Table, frozen=True):
    """What an image port of a generator sees, and how many picture steps late."""

    of: str
    delay_steps: int = 1


class GeneratorTable(_Table, frozen=True):
    """``[layers.generator]``."""

    kind: str
    size_px: int = 0
    film_px: int = 0
    rate_hz: float = 15.0
    config: dict[str, Any] = {}
    parameters: dict[str, Number] = {}
    images: dict[str, str | ImageTable] = {}


class EffectTable(_Table, frozen=True):
    """``[[layers.effects]]``, ``[[master.effects]]`` and ``[layers.source]``: one shader."""

    shader: str
    id: str = ""
    mix: float = 1.0
    bypass: bool = False
    inputs: dict[str, Number] = {}
    images: dict[str, str] = {}


class LayerTable(_Table, frozen=True):
    """``[[layers]]``."""

    id: str
    group: str = ""
    blend: Blend = "normal"
    blend_space: Space = "linear"
    opacity: float = 1.0
    solo: bool = False
    mute: bool = False
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    rotation: float = 0.0
    anchor_x: float = 0.5
    anchor_y: float = 0.5
    fit: Fit = "fit"
    crop_left: float = 0.0
    crop_right: float = 0.0
    crop_top: float = 0.0
    crop_bottom: float = 0.0
    mirror: Mirror = "none"
    tile: Tile = "none"
    aspect: float | Literal["auto", "canvas"] = "auto"
    generator: GeneratorTable | None = None
    file: str = ""
    film: FilmTable | None = None
    in_between: Literal["fade", "warp", "flow", "none"] | None = None
    uses: str | None = None
    upscale: Literal["auto", "spline", "network"] | None = None
    render_scale: float = 1.0
    source: EffectTable | None = None
    solid: SolidTable | None = None
    text: TextTable | None = None
    sheet: SheetTable | None = None
    path: PathTable = PathTable()
    path_b: PathTable = PathTable(seed=1)
    path_c: PathTable = PathTable(seed=2)
    path_d: PathTable = PathTable(seed=3)
    paths: dict[str, PathTable] = {}
    effects: list[EffectTable] = []
    deck: Literal["", "a", "b"] = ""


class EuroTable(_Table, frozen=True):
    """One-euro filter of a route."""

    min_cutoff_hz: float = 1.0
    beta: float = 0.007


class RouteTable(_Table, frozen=True):
    """``[[routes]]``."""

    signal: str
    target: str
    depth: float
    id: str = ""
    range: tuple[float, float] = (0.0, 1.0)
    curve: str = "linear"
    attack_s: float = 0.0
    release_s: float = 0.0
    mode: Literal["add", "multiply", "replace", "max"] = "add"
    one_euro: EuroTable | None = None


class WayTable(_Table, frozen=True):
    """How values of one kind go to the goals of a cue; what is left out is as the cue says."""

    time_s: float | None = None
    delay_s: float | None = None
    curve: str = ""


class NumbersTable(WayTable, frozen=True):
    """``numbers`` of a cue."""

    way: Literal["linear", "exponential", "own"] = "linear"


class ColoursTable(WayTable, frozen=True):
    """``colours`` of a cue."""

    way: Literal["linear", "oklab"] = "linear"


class ChoicesTable(_Table, frozen=True):
    """``choices`` of a cue: what has nothing between its values."""

    at: Literal["start", "half", "beat"] = "start"
    delay_s: float | None = None


class CueTable(_Table, frozen=True):
    """``[[cues]]``."""

    id: str
    key: str = ""
    set: dict[str, Number] = {}
    solo: list[str] = []
    time_s: float = 0.0
    delay_s: float = 0.0
    curve: str = "smooth"
    quantise: str = ""
    quantise_beats: float = 0.0
    after_s: float = 0.0
    next: str = ""
    timecode: str = ""
    latents: dict[str, int | str] = {}
    numbers: NumbersTable = NumbersTable()
    colours: ColoursTable = ColoursTable()
    choices: ChoicesTable = ChoicesTable()
    travel: WayTable = WayTable()
    captured: bool = False


class CueListTable(_Table, frozen=True):
    """``[[cue_lists]]``: cues in an order, for GO."""

    id: str
    cues: list[str]
    loop: bool = False
    follow: bool = False


class AutopilotTable(_Table, frozen=True):
    """``[autopilot]``: goes from cue to cue while nobody touches anything."""

    on: bool = False
    rest_s: float = 90.0


class MasterTable(_Table, frozen=True):
    """``[master]``: what stands over all layers."""

    brightness: float = 1.0
    speed: float = 1.0
    truncation: float = 1.0
    steer_omega: float = 6.0
    steer_mode: Literal["position", "velocity"] = "position"
    steer_momentum_s: float = 0.6
    bpm: float = 120.0
    beats_per_bar: int = 4
    bars_per_phrase: int = 4
    offset_ms: float = 0.0
    timecode_rate: str = "25"
    effects: list[EffectTable] = []
    colour: ColourTable | None = None
    flash_limiter: bool = True


class TrackTable(_Table, frozen=True):
    """``[track]``: an edited proxy film that the show follows."""

    file: str = ""
    loop: bool = False
    speed: float = 1.0
    place: float = 0.0
    mix: float = 1.0


class _PluginTable(_Table, frozen=True):
    """One of ``[[sources]]`` or of ``[[outputs]]``: a kind, and its own settings."""

    kind: str
    config: dict[str, Any] = {}


class SourceTable(_PluginTable, frozen=True):
    """One of ``[[sources]]``; what it says is played `delay_ms` after it arrived."""

    delay_ms: Annotated[float, msgspec.Meta(ge=0.0, le=2000.0)] = 0.0


class OutputTable(_Table, frozen=True):
    """``[output]``: how `play` opens the window, unless the command line says otherwise."""

    fps: float | str = 60
    monitor: str = ""
    span: list[str] = []


if TYPE_CHECKING:
    ModulatorTable = Any
else:
    ModulatorTable = Union[tuple(MODULATORS.values())]  # noqa: UP007


class ShowTable(_Table, frozen=True):
    """A show file."""

    schema: Literal[1]
    name: str = "untitled"
    size_px: tuple[int, int] = (1280, 720)
    control_hz: float | str = 120
    picture_hz: float | str = 60
    seed: int = 1
    history_s: float = 8.0
    start: str = ""
    drag: Literal["steer", "paint", "map", "grab"] = "steer"
    output: OutputTable = OutputTable()
    outputs: list[_PluginTable] = []
    sources: list[SourceTable] = []
    master: MasterTable = MasterTable()
    autopilot: AutopilotTable = AutopilotTable()
    track: TrackTable = TrackTable()
    layers: list[LayerTable] = []
    decks: DecksTable | None = None
    signals: list[str] = []
    lfos: list[LfoTable] = []
    modulators: list[ModulatorTable] = []
    macros: list[MacroTable] = []
    routes: list[RouteTable] = []
    cues: list[CueTable] = []
    cue_lists: list[CueListTable] = []
    keys: dict[str, str] = {}
    mappings: list[MappingTable] = []


Struct = type[msgspec.Struct]


def table_at(path: str, root: Struct = ShowTable) -> Struct | None:
    """Find the table at a msgspec path such as ``$.layers[...].generator``."""
    table: Struct | None = root
    for part in path.removeprefix("$").replace("[...]", "").split("."):
        name = part.split("[")[0]
        if name and table is not None:
            fields = {f.name: f.type for f in msgspec.structs.fields(table)}
            table = _struct_in(fields.get(name))
    return table


def allowed_keys(path: str, root: Struct = ShowTable) -> tuple[str, ...]:
    """List the keys of the table at a msgspec path."""
    table = table_at(path, root)
    return tuple(f.name for f in msgspec.structs.fields(table)) if table else ()


def allowed_values(path: str, root: Struct = ShowTable) -> tuple[str, ...]:
    """List the words that the key at a msgspec path may take."""
    parent, _, name = path.rpartition(".")
    table = table_at(parent, root)
    fields = msgspec.structs.fields(table) if table else ()
    for field in fields:
        if field.name == name.split("[")[0]:
            return tuple(_words(field.type))
    return ()


def _words(found: Any) -> list[str]:
    words: list[str] = []
    for inner in getattr(found, "__args__", ()):
        words.extend([inner] if isinstance(inner, str) else _words(inner))
    return words


def _struct_in(found: Any) -> type[msgspec.Struct] | None:
    if isinstance(found, type) and issubclass(found, msgspec.Struct):
        return found
    for inner in getattr(found, "__args__", ()):
        table = _struct_in(inner)
        if table is not None:
            return table
    return None
