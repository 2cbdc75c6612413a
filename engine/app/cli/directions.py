"""The commands about directions: found by a machine, or taught by a person."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engine.app.cli.arguments import FILE, SHEET
from engine.app.cli.errors import Misused, note, one_sentence
from engine.lab.directions import METHODS

_OUT = "Instead of beside MODEL."
_CLASS = click.option(
    "--class", "label", type=click.IntRange(0), default=0, metavar="N", help="Which is looked at."
)


def _names(text: tuple[str, ...]) -> dict[str, str]:
    """Read ``1=dry``."""
    pairs = [each.partition("=") for each in text]
    for which, mark, name in pairs:
        if not which or not mark or not name:
            raise Misused(f"--name {which}{mark}{name}: write number and name, as in --name 1=dry")
    return {which: name for which, _, name in pairs}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _layers(text: str) -> tuple[int, int] | None:
    first, mark, last = text.partition("-")
    if not text:
        return None
    if not first.isdecimal() or (mark and not last.isdecimal()):
        raise Misused(f"--layers {text}: write the first and the last one, as in 0-3")
    return int(first), int(last or first) + 1


@click.command()
@click.argument("model")
@click.option("--find", "method", type=click.Choice(METHODS), help="Look for directions this way.")
@click.option("--count", type=click.IntRange(1, 64), default=20, help="How many at most.")
@click.option("--layers", default="", metavar="A-B", help="Style layers that they move; all.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, help="Of all that is drawn.")
@click.option("--samples", type=click.IntRange(100, 1_000_000), help="Instead of the way's own.")
@click.option("--space", type=click.Choice(["z", "w"]), default="w", help="Of what fits both.")
@click.option("--sets", type=FILE, nargs=2, metavar="MORE LESS", help="Two files of latents.")
@click.option("--import", "file", type=FILE, metavar="FILE", help="Of another program's file.")
@click.option("--measure", default="", metavar="A,B/C+D", help="Scores, and what stays.")
@click.option("--fix", default="", metavar="A,B", help="What stays: scores, or known directions.")
@click.option("--sheet", type=SHEET, metavar="OUT.png", help="Draw them from -3 to +3 sigmas.")
@click.option("--name", multiple=True, metavar="1=dry", help="Keep number 1 by this name.")
@click.option("--keep", is_flag=True, help="Keep all that are found.")
@click.option("--remove", default="", metavar="A,B", help="Leave known directions out.")
@_CLASS
@click.option("--out", type=FILE, help=_OUT)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def directions(model: str, **given: Any) -> None:
    """List, find and name directions of MODEL (a file, or cppn) for the sliders of a show."""
    from engine.lab.directions import library as work
    from engine.lab.directions.discovery import Options

    method, names, removed = given["method"], _names(given["name"]), _listed(given["remove"])
    if given["file"] and method:
        raise Misused("--import takes directions as they are: leave --find out")
    method = "file" if given["file"] else method
    if given["keep"] and not method:
        raise Misused("--keep keeps what --find finds or --import brings: say --find")
    layers, files = _layers(given["layers"]), given["sets"]
    with one_sentence():
        for name in names.values():
            work.check_name(name)
        library = work.Library(model, given["out"], given["label"])
        sets, space = work.read_sets(library, files, given["space"], note) if files else (None, "")
        if removed:
            library.remove(removed)
        found = list(library.known)
        if method:
            options = Options(given["count"], given["seed"], given["samples"] or 0, layers,
                        space or given["space"], sets, _listed(given["measure"]),
                        _listed(given["fix"]), file=given["file"], notify=note)  # fmt: skip
            found = work.find(library, method, options)
            kept = work.named(found, names) + (found if given["keep"] and not names else [])
            if kept:
                library.keep(kept)
        elif names:
            byplace = {str(n): each.name for n, each in enumerate(found, 1)}
            library.rename({byplace.get(old, old): new for old, new in names.items()})
            found = list(library.known)
        if given["sheet"]:
            work.draw_sheet(library.studied, found, given["sheet"], given["seed"])
    if given["as_json"]:
        rows = [{**asdict(d), "vector": d.vector.tolist()} for d in found]
        click.echo(json.dumps({"file": str(library.path), "directions": rows}))
        return
    click.echo(work.text(found) or "no directions yet: --find ganspace --sheet OUT.png")
    if method and not names and not given["keep"]:
        click.echo("none is kept: look at a --sheet, then say --name 1=dry, or --keep", err=True)
    elif method or names or removed:
        click.echo(f"{library.path}: {len(library.known)} directions", err=True)


@click.command()
@click.argument("model")
@click.option("--sheet", type=SHEET, metavar="OUT.png", help="Draw 72 numbered pictures.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, help="Which pictures.")
@click.option("--more", default="", metavar="3,7,12", help="Numbers on the sheet: more like this.")
@click.option("--less", default="", metavar="1,4", help="And less like that.")
@click.option("--name", metavar="NAME", help="Of the new direction.")
@click.option("--fix", default="", metavar="A,B", help="Known directions that stay.")
@_CLASS
@click.option("--out", type=FILE, help=_OUT)
def teach(model: str, sheet: Path | None, **given: Any) -> None:
    """Teach MODEL (a file, or cppn) a direction by examples picked on a sheet."""
    from engine.lab.directions import library as work
    from engine.lab.latents import read_numbers

    if sheet is None and not given["more"]:
        raise Misused("draw a sheet first (--sheet OUT.png), then pick: --more 3,7,12 --name NAME")
    if given["more"] and not given["name"]:
        raise Misused("give the new direction a name: --name NAME")
    with one_sentence():
        more, less = (
            list(read_numbers(given[key], "numbers")) if given[key] else []
            for key in ("more", "less")
        )
        if more:
            work.check_name(given["name"])
        library = work.Library(model, given["out"], given["label"])
        made = None
        if more:
            fixed = _listed(given["fix"])
            made = work.teach(library, given["name"], given["seed"], (more, less), fixed)
        if sheet is not None and made is None:
            work.draw_thumbs(library.studied, sheet, given["seed"])
        elif sheet is not None and made is not None:
            work.draw_sheet(library.studied, [made], sheet, given["seed"])
    if made is not None:
        click.echo(work.text([made]))
        click.echo(f"{library.path}: {len(library.known)} directions", err=True)
