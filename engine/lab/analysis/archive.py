"""The archive behind a network: its index is made, and asked for the nearest pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.generators.archive import features
from engine.generators.archive import index as indexes
from engine.generators.archive.features import Bytes
from engine.generators.archive.index import LABEL, SUFFIX, Index, Match
from engine.generators.stylegan.controls import ALPHA_CHANNELS
from engine.lab import sheets

_MOST_COUNT = 64
_SIDE_PX, _BELOW_PX = 160, 44  # of a picture on a sheet, and of the text below
_MOST_SHEET_PX = 32_000


def make(
    model: Path, out: Path | None, pictures: int, thumb_px: int, notify: Callable[[str], None]
) -> tuple[Path, Index]:
    """Make the index of a network that was trained here, beside it.

    Parameters
    ----------
    model
        The network; its training lies beside it, ``NAME.train``.
    out
        Where to; None: beside the network.
    pictures, thumb_px
        See `engine.lab.training.archive_index.IndexOptions`.

    Raises
    ------
    ValueError
        If something of the training is missing or damaged.
    OSError
        If a file cannot be read or written.
    """
    folder = model.with_suffix(".train")
    if not (folder / "state.safetensors").is_file():
        raise FileNotFoundError(
            f"{folder} holds no training: an index is made of the pictures and the discriminator "
            "of a network that was trained here"
        )
    out = out or indexes.path_beside(model)
    if not out.name.endswith(SUFFIX):
        raise ValueError(f"{out.name}: an index is a file that ends in {SUFFIX}")
    from engine.lab.training.archive_index import IndexOptions, write_index

    return out, write_index(folder, out, IndexOptions(pictures, thumb_px), notify)


def index_of(model: Path) -> Path:
    """Return the index that belongs to a file: a network, or the index itself.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    found = model if model.name.endswith(SUFFIX) else indexes.path_beside(model)
    if not found.is_file():
        raise FileNotFoundError(
            f"{found} is not there: 'latent-cinema archive index {model}' makes it, where the "
            "network was trained"
        )
    return found


def nearest(
    model: Path, picture: Path | None, seeds: str, count: int, sheet: Path | None
) -> dict[str, Any]:
    """Find the training pictures that look most like a picture, or like a network's own.

    Parameters
    ----------
    model
        A network with its index beside it, or an index.
    picture
        Of any size; None: the network draws `seeds`.
    seeds
        As they are typed: ``0-3``.
    sheet
        A PNG to write; None: none.

    Returns
    -------
    dict
        ``label``, ``index``, ``indexed``, ``archive``, ``queries``: each a ``query`` and its
        ``nearest``.

    Raises
    ------
    ValueError
        If a file is damaged, or makes no sense.
    OSError
        If one cannot be read or written.
    """
    path = index_of(model)
    index = indexes.load(path)
    extractor = features.make_extractor(index.side, index.last, index.extractor)
    units = indexes.unit(index.features)
    asked = [_load(picture)] if picture else list(_drawn(model, seeds))
    found = [
        (name, seen, indexes.find(index, extractor, units, seen, min(count, _MOST_COUNT)))
        for name, seen in asked
    ]
    if sheet is not None:
        _write_sheet(sheet, index, found)
    return {
        "label": LABEL,
        "index": path.name,
        "indexed": len(index.entries),
        "archive": index.archive,
        "queries": [
            {"query": name, "nearest": [_match_fields(index, match) for match in matches]}
            for name, _, matches in found
        ],
    }


def _load(path: Path) -> tuple[str, Bytes]:
    from engine.lab.data.folder import load

    try:
        return path.name, np.asarray(load(path))
    except OSError as error:
        raise OSError(f"{path.name}: {error.strerror or error}") from None


def _drawn(model: Path, seeds: str) -> Iterator[tuple[str, Bytes]]:
    """Let the network draw, by the way of `model sample`."""
    from engine.lab.analysis.sample import Options, sample
    from engine.lab.latents import read_numbers

    numbers = read_numbers(seeds, "seeds")
    if model.name.endswith(SUFFIX):
        raise ValueError(f"{model.name} is an index and draws nothing: give the network")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "drawn.npy"
        sample(model, out, Options(seeds=seeds), lambda _: None)
        drawn = np.load(out, mmap_mode="r")
        for number, raw in zip(numbers, drawn, strict=True):
            if raw.shape[0] < 3:
                raise ValueError(
                    f"{model.name} draws {raw.shape[0]} channels, which are no colours"
                )
            seen = np.clip(np.nan_to_num(raw[:3]).transpose(1, 2, 0) * 127.5 + 127.5, 0, 255)
            if len(raw) == ALPHA_CHANNELS:  # over black
                seen *= np.clip(np.nan_to_num(raw[3]) * 0.5 + 0.5, 0, 1)[..., None]
            yield f"seed {number}", seen.round().astype(np.uint8)


def _match_fields(index: Index, match: Match) -> dict[str, Any]:
    entry = index.entries[match.place]
    return {
        "likeness": round(match.similarity, 4),
        "title": entry.title,
        "name": entry.name,
        "credit": entry.credit,
        "licence": entry.licence,
        "turn": match.turn,
    }


def _write_sheet(out: Path, index: Index, found: list[tuple[str, Bytes, list[Match]]]) -> None:
    """Write each picture that was asked about, its answers beside it, and whose they are."""
    from engine.generators.archive import sheet as hanging

    if len(found) * (_SIDE_PX + _BELOW_PX) > _MOST_SHEET_PX:
        raise ValueError(f"{len(found)} rows are too many for a sheet: ask for fewer seeds")
    rows = []
    for name, seen, matches in found:
        tiles = [features.square(seen, _SIDE_PX), *(hanging.picture(index, m) for m in matches)]
        size = (len(tiles) * (_SIDE_PX + 6), _SIDE_PX + _BELOW_PX)
        text = f"{name} · {hanging.caption(index, matches)}"
        rows.append(hanging.lay_out(tiles, text, size)[..., :3])
    sheets.save(out, np.concatenate(rows))


def text(found: dict[str, Any]) -> str:
    """Lay answers out for people."""
    lines = [f"{found['label']} ({found['indexed']} of {found['archive']} pictures are indexed)"]
    for query in found["queries"]:
        lines.append(query["query"])
        for place, one in enumerate(query["nearest"], 1):
            whose = " ".join(filter(None, [one["credit"], f"({one['licence'] or 'not said'})"]))
            title = " · ".join(filter(None, [one["title"], one["name"], whose]))
            lines.append(f"{place:3}  {one['likeness']:.3f}  {title}")
    return "\n".join(lines)


def credits_of(index: Index) -> list[dict[str, Any]]:
    """Group an index' pictures by licence and credit, the most frequent first."""
    counted: dict[tuple[str, str], int] = {}
    for entry in index.entries:
        key = (entry.licence or "not said", entry.credit or "not said")
        counted[key] = counted.get(key, 0) + 1
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [{"licence": licence, "credit": credit, "pictures": count}
            for (licence, credit), count in order]  # fmt: skip
