"""Keyframes of a show file: seeds, and latents that were saved in files; nothing of them is run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.core.latent.manifold import AnyChart, firm
from engine.core.path.model import NO_KEYS, Key, ListedKeys
from engine.core.show.generator import Port
from engine.documents.builder import ShowBuilder, each
from engine.documents.schema import KeyTable
from engine.models import latent_file
from engine.models.latent_file import Latents, Space, check_model

MOST_KEYS = 4096


def read_keys(
    builder: ShowBuilder,
    listed: Sequence[int | str | KeyTable],
    port: Port,
    chart: AnyChart | None = None,
    model: str = "",
) -> ListedKeys:
    """Read the keyframes of a trajectory.

    Parameters
    ----------
    port
        What it moves; a file's latents must fit it.
    chart
        From what it takes to coordinates.
    model
        File of the generator's model, or empty.

    Raises
    ------
    ValueError
        ``keys[PLACE].what is wrong and what is allowed``.
    """
    found = each(list(listed), "keys", lambda entry: _keys(builder, entry, port, chart, model))
    keys = [key for some in found for key in some]
    times = [key.time for key in keys if key.time is not None]
    if times and len(times) != len(keys):
        raise ValueError("keys: give each of them a time (at), or none")
    if any(b <= a for a, b in pairwise(times)):
        raise ValueError("keys: their times (at) must rise from one to the next")
    if len(keys) > MOST_KEYS:
        raise ValueError(f"keys: {len(keys)} of them; {MOST_KEYS} are the most")
    return ListedKeys(tuple(keys)) if keys else NO_KEYS


def _keys(
    builder: ShowBuilder,
    entry: int | str | KeyTable,
    port: Port,
    chart: AnyChart | None,
    model: str,
) -> list[Key]:
    if isinstance(entry, int):
        return [Key(entry)]
    given = KeyTable(file=entry) if isinstance(entry, str) else entry
    if (given.seed is None) == (given.file is None):
        raise ValueError("seed: a key is of a seed or of a file: write one of the two")
    if given.at is not None and not 0.0 <= given.at <= 1e6:
        raise ValueError(f"at: {given.at:g} is outside 0 to 1e6 knots")
    if given.file is None:
        return [Key(given.seed or 0, None, given.at)]
    found = read_latents(builder.file(given.file), given.file, port, model)
    if found.note:
        builder.notes.append(found.note.removeprefix("file: "))
    rows = found.rows if chart is None else chart.encode(found.rows)
    if given.row is not None:
        if not 0 <= given.row < len(rows):
            raise ValueError(f"row: {given.file} holds the latents 0 to {len(rows) - 1}")
        rows = rows[given.row : given.row + 1]
    if given.at is not None and len(rows) > 1:
        raise ValueError(f"row: {given.file} holds {len(rows)} latents; one has a time: say which")
    return [Key(0, firm(row), given.at) for row in rows]


def read_latents(data: bytes, name: str, port: Port, model: str = "") -> Latents:
    """Read saved latents for a port; see `engine.models.latent_file` for what can be read.

    Raises
    ------
    ValueError
        ``file: what is wrong with it and what to do``.
    """
    place = f"file: {name}"
    saved = latent_file.read(data, place)
    is_style = port.geometry == "wspace"
    if saved.space and (saved.space == "w") != is_style:
        what, cure = ("styles (w)", '"w" or "w+"') if not is_style else ("latents (z)", '"z"')
        raise ValueError(
            f"{place} holds {what}, and the port '{port.name}' takes others: set the "
            f"generator's config.space to {cure}"
        )
    check_model(saved.model, model, place)
    kind = ("w" if is_style else "z") + "+" * (len(port.shape) - 1)
    return latent_file.fit(saved, [Space(kind, port.shape)], place, f"the port '{port.name}'")
