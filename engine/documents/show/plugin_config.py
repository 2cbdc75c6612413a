"""Configuration of a plug-in: its own table of a show file, decoded by its `Config`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec


def read_config(module: ModuleType, table: Mapping[str, Any], hidden: Collection[str] = ()) -> Any:
    """Decode a table into the `Config` of a source's or output's module, without `hidden` fields.

    Raises
    ------
    ValueError
        ``KEY: what is wrong and what is allowed``.
    """
    known = [name for name in module.Config.__dataclass_fields__ if name not in hidden]
    unknown = sorted(set(table) - set(known))
    if unknown:
        there = ", ".join(known) or "none"
        raise ValueError(f"config: unknown key '{unknown[0][:40]}'; there are: {there}")
    try:
        return msgspec.convert(dict(table), module.Config, dec_hook=_path)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise ValueError(f"config{place.rstrip('`')}: {what[:1].lower()}{what[1:]}") from None


def _path(wanted: type[Any], value: Any) -> Path:
    if wanted is not Path or not isinstance(value, str):
        raise ValueError("a file's name, as text")
    return Path(value)
