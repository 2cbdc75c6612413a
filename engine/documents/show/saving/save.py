"""A copy of a show with the values that it has now; comments stay."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from engine.core.parameter import Kind, Parameter
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.assets import assets_dir
from engine.documents.schema import allowed_keys
from engine.documents.show.layers import OWN, effect_id
from engine.documents.show.load import Loaded, read
from engine.documents.show.model_files import with_paths
from engine.documents.show.shaders.files import split_name
from engine.system import untrusted
from engine.system.atomic import write_bytes, write_text

SAVED = "saved"
"""Scene that holds what no table of a show can say, where no scene has begun."""
PASSING = (
    "/master/blackout",
    "/master/freeze",
    "/master/hold",
    "/master/steer_",
    "/brush/",
    "/grab/",
    "/track/place",
)
"""What the hand does at a moment: no copy holds it."""
_STAMP = re.compile(r"-\d{8}-\d{6}$")
_NEARLY = 1e-5  # values are written with six digits
_LARGEST = 512 << 20
_SEEDS = {"path_b": 1, "path_c": 2, "path_d": 3}
"""Of paths without a table; a table of theirs has seed 0, unless it says another."""
Table = MutableMapping[str, Any]


def live_values(show: Show, state: State) -> dict[str, float]:
    """Values of a show by address, as they stand or as a scene is about to leave them."""
    values = state.base.copy()
    for ramp in state.ramps:
        values[ramp.place] = ramp.goal
    return {
        p.address: float(value)
        for p, value in zip(show.registry.parameters, values, strict=True)
        if p.kind is not Kind.TRIGGER and not p.address.startswith(PASSING)
    }


def save_copy(loaded: Loaded, show: Show, state: State, stamp: str) -> Path:
    """Write a copy beside the show, or into the working folder where the show is a shipped one.

    Parameters
    ----------
    stamp
        What its name ends with: ``YYYYMMDD-HHMMSS``.

    Raises
    ------
    ValueError
        If something of its name is there already.
    OSError
        If it cannot be written.
    """
    assert loaded.path is not None
    own = loaded.path.absolute().parent
    shipped = [assets_dir("presets").resolve(), assets_dir("shaders").resolve()]
    folder = Path.cwd() if any(own.resolve().is_relative_to(each) for each in shipped) else own
    out = folder / f"{_STAMP.sub('', loaded.path.stem)}-{stamp}.toml"
    if out.exists():
        raise ValueError(f"{out}: saved already, in this very second")
    text = with_values(loaded.text, show, live_values(show, state), state.cue)
    text = with_texts(text, state.texts)
    if folder != own:
        _lay_beside(folder, show.files)
    write_text(out, with_paths(text, lambda path: _relative(path, folder.resolve())))
    return out


def _relative(path: str, folder: Path) -> str:
    is_beneath = Path(path).is_relative_to(folder)
    return Path(path).relative_to(folder).as_posix() if is_beneath else path


def _lay_beside(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        if split_name(name) is not None:
            continue  # it comes with its shader, which is found where it was
        path = untrusted.place(name, folder)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, data)
        elif untrusted.read_bytes(path, _LARGEST) != data:
            raise ValueError(f"{path}: another file of that name is there; play in another folder")


def with_values(text: str, show: Show, values: Mapping[str, float], cue: int) -> str:
    """Write values, by address, into a show's text; `cue` is the scene that plays, -1: none.

    A value of the scene that plays is written there, any other into the table that it is from. The
    copy begins with that scene. What no table says, the scene says.
    """
    import tomlkit

    begun = show.cues[cue] if cue >= 0 else None
    listed = show.registry.parameters
    held = {listed[place].address: value for place, value in (begun.targets if begun else ())}
    changed = [a for a, v in values.items() if v != held.get(a, show.registry[a].default)]
    document: Any = tomlkit.parse(text)
    for address in changed:
        if address not in held:
            _write(document, show, values, address)
    try:
        left = _different(tomlkit.dumps(document), show, values, begun.id if begun else "")
    except ValueError:  # whatever was written there: then the scene says all of it
        document = tomlkit.parse(text)
        left = changed
    if begun or left:
        document["start"] = _set(document, begun.id if begun else "", show, values, left)
    else:
        document.pop("start", None)
    return str(tomlkit.dumps(document))


def with_texts(text: str, told: Mapping[str, str]) -> str:
    """Write what layers were told to say into a show's text: where a cue or their table says it."""
    import tomlkit

    if not told:
        return text
    document: Any = tomlkit.parse(text)
    start = document.get("start", "")
    for address, words in told.items():
        for cue in document.get("cues", ()):
            if cue["id"] == start and address in cue.get("set", ()):
                cue["set"][address] = words
                break
        else:
            _inner(_entry(document["layers"], address.split("/")[2]), "text")["text"] = words
    return str(tomlkit.dumps(document))


def _different(text: str, show: Show, values: Mapping[str, float], cue: str) -> list[str]:
    """Addresses whose value is another one once a text was read and a scene has begun."""
    found = read(text, "copy", show.shaders.__getitem__, show.files.__getitem__)[0]
    listed = found.registry.parameters
    begun = {p.address: p.default for p in listed}
    for each in found.cues:
        if each.id == cue:
            begun |= {listed[place].address: value for place, value in each.targets}
    return [
        address
        for address, value in values.items()
        if not math.isclose(begun[address], value, rel_tol=_NEARLY, abs_tol=_NEARLY)
    ]


def _set(
    document: Any, cue: str, show: Show, values: Mapping[str, float], addresses: Iterable[str]
) -> str:
    """Write values into a scene, or into one that is made for them; return its ID."""
    import tomlkit

    cues = document.setdefault("cues", tomlkit.aot())
    if not cue:
        cue = SAVED + "_" * sum(each["id"].startswith(SAVED) for each in cues)
        made = tomlkit.table()
        made["id"] = cue
        cues.append(made)
    entry = next(each for each in cues if each["id"] == cue)
    for address in addresses:
        _inner(entry, "set")[address] = _plain(show.registry[address], values[address])
    return cue


def _write(document: Any, show: Show, values: Mapping[str, float], address: str) -> None:
    """Write a value into the table that it is from, if there is one."""
    slot = _slot(document, address)
    if slot is None:
        return
    table, key = slot
    vector = address.rpartition("/")[0]
    parts = show.registry.groups.get(vector)
    if parts is not None and vector.endswith(f"/{key}"):
        listed = [show.registry.parameters[place] for place in parts]
        table[key] = [_plain(p, values[p.address]) for p in listed]
    else:
        table[key] = _plain(show.registry[address], values[address])


def _plain(parameter: Parameter, value: float) -> Any:
    """Write a stored value as shows do."""
    if parameter.kind is Kind.CHOICE:
        return parameter.choices[int(value)]
    if parameter.kind is Kind.BOOL:
        return bool(value)
    return int(value) if parameter.kind is Kind.INT else float(f"{value:.6g}")


def _slot(document: Any, address: str) -> tuple[Table, str] | None:
    """Find the table and the key in which a show says the value of an address; None: nowhere."""
    match address.split("/")[1:]:
        case ["master", "effect", effect, "input", name, *_] if name in OWN:
            return _inner(_effect(document["master"], effect), "inputs"), name
        case ["master", "effect", effect, name, *_]:
            return _input(_effect(document["master"], effect), name)
        case ["master", key] if key in allowed_keys("$.master.colour"):
            return _table(_table(document, "master"), "colour"), key
        case ["transport", key] if key in allowed_keys("$.master"):
            return _table(document, "master"), key
        case [("master" | "autopilot" | "track") as name, key] if key in allowed_keys(f"$.{name}"):
            return _table(document, name), key
        case ["crossfader", *rest]:
            return _table(document, "decks"), rest[0] if rest else "crossfader"
        case ["deck", key]:
            return _table(document, "decks"), key
        case ["transition", name, key, *_]:
            return _input(_shader_of(document["decks"]["transitions"], name), key)
        case ["lfo", name, key]:
            return _entry(document["lfos"], name), key
        case ["macro", name]:
            return _entry(document["macros"], name), "value"
        case ["mod", name, key]:
            return _entry(document["modulators"], name), key
        case ["route", name, key]:
            return _entry(document["routes"], name), key
        case ["layer", name, *rest]:
            return _layer_slot(_entry(document["layers"], name), rest)
    return None


def _layer_slot(layer: Table, rest: list[str]) -> tuple[Table, str] | None:
    match rest:
        case ["generator", key]:
            return _inner(layer["generator"], "parameters"), key
        case ["film", key]:
            if "file" in layer:
                return _inner(layer, "film"), key
            return _inner(layer["generator"], "parameters"), key
        case ["source", name, *_]:
            return _input(layer["source"], name)
        case [("solid" | "text" | "sheet") as kind, name, *_]:
            return _inner(layer, kind), name
        case ["effect", effect, "input", name, *_] if name in OWN:
            return _inner(_effect(layer, effect), "inputs"), name
        case ["effect", effect, name, *_]:
            return _input(_effect(layer, effect), name)
        case ["paths", path, key] if key in allowed_keys("$.layers[...].path"):
            return _inner(_inner(layer, "paths"), path), key
        case [path, key] if path.startswith("path") and key in allowed_keys("$.layers[...].path"):
            if path in _SEEDS and path not in layer:
                _inner(layer, path)["seed"] = _SEEDS[path]
            return _inner(layer, path), key
        case [key]:
            return layer, key
    return None


def _entry(tables: Iterable[Table], name: str) -> Table:
    return next(each for each in tables if each.get("id") == name)


def _effect(owner: Table, name: str) -> Table:
    """Find an effect by its ID, which may be its shader's name."""
    return _shader_of(owner["effects"], name)


def _shader_of(tables: Iterable[Table], name: str) -> Table:
    own = [(e.get("id") or effect_id(e["shader"]), e) for e in tables]
    return next(found for each, found in own if each == name)


def _input(effect: Table, name: str) -> tuple[Table, str]:
    return (effect, name) if name == "mix" else (_inner(effect, "inputs"), name)


def _inner(table: Table, key: str) -> Table:
    """Find a table in another one, or make it: on one line, which needs no heading."""
    import tomlkit

    if key not in table:
        table[key] = tomlkit.inline_table()
    found: Table = table[key]
    return found


def _table(document: Any, key: str) -> Table:
    import tomlkit

    if key not in document:
        document[key] = tomlkit.table()
    found: Table = document[key]
    return found
