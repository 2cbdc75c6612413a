"""Commands that look at one thing: shaders, sound files, the speed of this machine."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.core.show.addresses import Address
from engine.core.show.show import Show

if TYPE_CHECKING:
    from engine.compositor.isf.warm import Warmer

CHECK_S = 16.0
"""Of processor time for compiling a shader, beside what its frames may take."""


def check(files: list[Path], size_px: tuple[int, int], out: Path | None, as_json: bool) -> int:
    """Compile and draw shaders in a child process, report each as it is known; 1 if any fails.

    Of a folder these are all in it and in its folders.

    Raises
    ------
    ValueError
        If there is none in it.
    """
    from engine.compositor.isf.warm import LIVE_S, Warmer
    from engine.play.judging import CLOCKS

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    found = [p for each in files for p in (sorted(each.rglob("*.fs")) if each.is_dir() else [each])]
    if not found:
        raise ValueError(f"{files[0]}: there is no shader (NAME.fs) in it")
    is_good = True
    with closing(Warmer(size_px, CLOCKS, LIVE_S, limit_s=CHECK_S)) as warmer:
        for place, path in enumerate(found):
            report = _check_one(warmer, path, out)
            is_good &= report["drew"]
            if as_json:
                print("[" if place == 0 else ",", json.dumps(report, indent=2), flush=True)
            else:
                print(_line(report), flush=True)
    if as_json:
        print("]")
    return 0 if is_good else 1


def _check_one(warmer: Warmer, path: Path, out: Path | None) -> dict[str, Any]:
    from engine.compositor.isf.check import blank
    from engine.core.isf.header import parse
    from engine.documents.show.shaders.files import read_pictures, read_shader
    from engine.play.judging import answers

    report = blank(str(path))
    try:
        text = read_shader(path)
        pictures, missing = read_pictures(path, parse(text, str(path)))
    except (OSError, ValueError) as error:
        return report | {"error": getattr(error, "strerror", None) or str(error)}
    (answer,) = answers(warmer, {str(path): text}, pictures=pictures)
    assert answer is not None
    if answer.picture is not None and out is not None:
        _save(out / f"{path.stem}.png", answer.picture)
    report = (answer.report or report) | {"error": answer.error}
    return report | {"notes": [*missing, *report["notes"]]}


def _line(report: Mapping[str, Any]) -> str:
    """One line of text for a shader: whether it draws, why not, and what is odd about it."""
    odd = [word for word in ("nan", "flat") if report[word]]
    if report["unused"]:
        odd.append(f"unused: {', '.join(report['unused'])}")
    odd += report["notes"]
    if not report["drew"]:
        is_named = report["error"].startswith(report["file"])
        return (
            f"FAIL {report['error']}" if is_named else f"FAIL {report['file']}: {report['error']}"
        )
    cost = f"{report['cpu_ms']:.1f} ms"
    return "; ".join([f"ok   {report['file']}: {cost}", *odd])


def _save(path: Path, pixels: NDArray[np.float32]) -> None:
    """Write a picture whose row 0 is at the bottom."""
    from engine.outputs.film.png import encode
    from engine.system.atomic import write_bytes

    clean = np.nan_to_num(np.clip(pixels[::-1], 0.0, 1.0))
    write_bytes(path, encode(np.rint(clean * 255.0).astype(np.uint8)))


def analyse(path: Path, choice: tuple[int, float], as_json: bool) -> int:
    """Run the live analyser over a file; `choice` is channel and gain in dB."""
    from engine.core.audio.channels import ChannelChoice
    from engine.core.audio.features import FEATURES
    from engine.sources.audio.file import features_ahead, load

    track = load(path, choice=ChannelChoice(*choice))
    features = features_ahead(track)
    hop_s = features.hop / features.rate_hz
    times = [(k + 1) * hop_s for k in range(len(features.rows))]
    onset, kick = FEATURES.index("onset"), FEATURES.index("kick")
    report = {
        "file": str(path),
        "rate_hz": track.rate_hz,
        "channels": track.pcm.shape[1],
        "duration_s": track.duration_s,
        "hop_s": hop_s,
        "features": {
            name: [round(float(v), 5) for v in features.rows[:, i]]
            for i, name in enumerate(FEATURES)
        },
        "onsets_s": [
            round(t, 5) for t, row in zip(times, features.rows, strict=True) if row[onset] > 0
        ],
        "kicks_s": [
            round(t, 5) for t, row in zip(times, features.rows, strict=True) if row[kick] > 0
        ],
    }
    if as_json:
        print(json.dumps(report))
    else:
        print(f"{path}: {track.duration_s:.2f} s, {track.rate_hz} Hz")
        print(f"{len(report['onsets_s'])} onsets, {len(report['kicks_s'])} kicks")
    return 0


def bench(show: str, size_px: tuple[int, int], duration_s: float, as_json: bool) -> int:
    """Play without a window and report CPU ms per frame by stage; 1 if no generator drew."""
    from engine.play.live.options import Options
    from engine.play.live.player import play

    with tempfile.TemporaryDirectory() as folder:
        stats = Path(folder) / "stats.json"
        options = Options(
            show=show, outputs=("null",), size_px=size_px, osc="127.0.0.1:0", audio="off",
            duration_s=duration_s, stats=stats,
        )  # fmt: skip
        begin = time.process_time()
        code = play(options)
        cpu_s = time.process_time() - begin
        report = json.loads(stats.read_text())
    report["cpu_s_main"] = round(cpu_s, 3)
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        print(f"{report['fps']:.1f} fps at {size_px[0]}x{size_px[1]} on {report['gl']}")
        for stage, spent in report["stages_cpu_ms"].items():
            print(f"{stage:>12} {spent:8.3f} CPU-ms a frame")
    silent = undrawn(report["generators"])
    if silent:
        print(f"latent-cinema: {silent}", file=sys.stderr)
        return 1
    return code


def undrawn(generators: dict[str, dict[str, Any]]) -> str:
    """Say that generators drew nothing at all, so that the figures are those of a black picture."""
    if not generators or any(each["frames"] for each in generators.values()):
        return ""
    told = "; ".join(f"layer {n}: {g['error'] or g['state']}" for n, g in generators.items())
    return f"no generator drew a frame ({told}); mend that, or measure longer with --duration"


def lint(name: str, as_json: bool) -> int:
    """Say what is wrong with the routes and macros of a show; 1 if anything is."""
    from engine.core.control.lint import lint as find
    from engine.documents.show.load import load

    found = find(load(name).show)
    if as_json:
        print(json.dumps([each._asdict() for each in found], indent=2, ensure_ascii=False))
    else:
        for each in found:
            print(f"{'WRONG ' if each.is_wrong else 'advice'} {each.where}: {each.text}")
        if not found:
            print("nothing is dead, fighting or clipped")
    return 1 if any(each.is_wrong for each in found) else 0


def list_addresses(show: str, as_json: bool) -> int:
    """Print everything that a show answers to, with what it takes, its default and its meaning."""
    from engine.core.show.addresses import addresses
    from engine.core.show.layouts import layouts
    from engine.documents.show.load import load
    from engine.play.live.commands import ADDRESSES

    loaded = load(show).show
    listed, others = {**addresses(loaded), **ADDRESSES}, layouts(loaded)
    mapped = _mapped(loaded)
    if as_json:
        told = [{**each.report(), **_controls(each, mapped)} for each in listed.values()]
        for report in told:
            own = {report["address"], *report.get("aliases", ())}
            if names := [n for n, a in others.items() if a.address in own]:
                report["layouts"] = names
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    rows: list[tuple[str, ...]] = [("address", "type", "range", "default", "meaning")]
    for each in listed.values():
        *cells, text = _row(each)
        controls = ", ".join(_controls(each, mapped).get("mapped", ()))
        rows.append((*cells, f"{text} [{controls}]" if controls else text))
    rows += [(n, "layout", "0 to 1", "", f"As {a.address}.") for n, a in others.items()]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for *cells, text in rows:
        print(*map(str.ljust, cells, widths), text, sep="  ")
    return 0


def _mapped(show: Show) -> dict[str, list[str]]:
    """List by address which controls the show or the user's maps have put on it."""
    from engine.play.controllers.user_maps import read_maps, user_folder

    own, _ = read_maps(lambda text: print(text, file=sys.stderr), user_folder())
    maps = [(m, each) for each in own if each.show in ("", show.name) for m in each.mappings]
    found: dict[str, list[str]] = {}
    for mapping, each in (*((m, None) for m in show.mappings), *maps):
        device = mapping.device or ", ".join(each.devices if each else ())
        text = f"{mapping.control} of {device}" if device else mapping.control
        found.setdefault(mapping.address, []).append(text)
    return found


def _controls(each: Address, mapped: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found = [text for name in (each.address, *each.aliases) for text in mapped.get(name, ())]
    return {"mapped": found} if found else {}


def _row(each: Address) -> tuple[str, ...]:
    """One line of the table; what is the same for all parts of a vector stands there once."""
    ranges = dict.fromkeys(
        f"{p.low:.10g} to {p.high:.10g} {p.unit}".rstrip()
        for p in each.parameters
        if p.kind in ("float", "int")
    )
    kind = each.takes() if each.kind == "numbers" else each.kind
    choices = [name for p in each.parameters for name in p.choices]
    text = f"{each.text} ({', '.join(choices)})" if choices else each.text
    return each.address, kind, ", ".join(ranges), _shown(each.default), text


def _shown(default: Any) -> str:
    if isinstance(default, list):
        return " ".join(map(_shown, default))
    if isinstance(default, bool) or default is None:
        return {True: "on", False: "off", None: ""}[default]
    return f"{default:.10g}" if isinstance(default, float) else str(default)
