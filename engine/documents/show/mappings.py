"""Mappings of a show or of a device, from their tables and back into text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.core.curves import CURVES
from engine.core.show.mapping import CODINGS, ControlMapping, check_control, span_of
from engine.documents.errors import within
from engine.documents.part_tables import MappingTable

_SERIES = re.compile(r"\{(\d{1,5})-(\d{1,5})\}")
MOST_OF_SERIES = 128


def make_mappings(tables: Iterable[MappingTable]) -> Iterator[ControlMapping]:
    """Check tables, and write out those of series: ``midi/1/cc/{0-7}`` is eight controls.

    Raises
    ------
    ValueError
        ``mappings[PLACE]: key: what is wrong``.
    """
    for place, table in enumerate(tables):
        with within(f"mappings[{place}]: "):
            for control, address in _series(table.control, table.address):
                yield _make(table, control, address)


def _series(control: str, address: str) -> Iterator[tuple[str, str]]:
    """Controls and addresses of a table: one pair, or as many as its series are long."""
    lengths = set()
    for key, text in (("control", control), ("address", address)):
        for low, high in _SERIES.findall(text):
            if not 0 <= int(high) - int(low) < MOST_OF_SERIES:
                raise ValueError(f"{key}: {{{low}-{high}}} is not 1 to {MOST_OF_SERIES} numbers")
            lengths.add(int(high) - int(low) + 1)
    if len(lengths) > 1:
        raise ValueError("control, address: series in braces that are not equally long")
    for at in range(*(lengths or {1})):

        def nth(found: re.Match[str], at: int = at) -> str:
            return str(int(found[1]) + at)

        yield _SERIES.sub(nth, control), _SERIES.sub(nth, address)


def _make(table: MappingTable, control: str, address: str) -> ControlMapping:
    check_control(control)
    if address and not address.startswith("/"):
        raise ValueError(f"address: '{address[:60]}' does not begin with /")
    if table.curve not in CURVES:
        raise ValueError(f"curve: '{table.curve}' is not known; allowed are: {', '.join(CURVES)}")
    if table.coding != CODINGS[0] and (table.curve, table.takeover) != ("linear", ""):
        raise ValueError("coding: a control without ends has no curve and no takeover")
    if table.coding != CODINGS[0] and table.mode not in ("", "value"):
        raise ValueError("coding: a control without ends has no mode but value")
    if span_of(control) is not None and table.mode not in ("", "value"):
        raise ValueError("mode: several keys that are one control have no mode but value")
    if not -1e4 <= table.step <= 1e4:
        raise ValueError("step: outside -10000 to 10000")
    light = None
    if not isinstance(table.light, str):
        light = (table.light.on / 127.0, table.light.off / 127.0)
        if not all(0.0 <= each <= 1.0 for each in light):
            raise ValueError("light: on and off are 0 to 127")
    value = tuple(table.value) if isinstance(table.value, list) else table.value
    return ControlMapping(
        control, address, table.device, table.range, table.curve, table.takeover, table.coding,
        table.step, "value" if span_of(control) else table.mode, value, light,
    )  # fmt: skip


def with_mappings(text: str, mappings: Iterable[ControlMapping]) -> str:
    """Write mappings into the text of a show or a map; one of the same control is replaced."""
    import tomlkit

    new = list(mappings)
    if not new:
        return text
    document: Any = tomlkit.parse(text)
    listed = document.setdefault("mappings", tomlkit.aot())
    make = tomlkit.table if isinstance(listed, tomlkit.items.AoT) else tomlkit.inline_table
    _write_out(listed, new, make)
    for each in new:
        own = next((t for t in listed if _is_of(t, each)), None)
        if own is None:
            listed.append(make())
            own = listed[-1]
        for key in [key for key in own if key not in ("control", "device")]:
            del own[key]
        own.update(_table(each))
    return str(tomlkit.dumps(document))


def _write_out(listed: Any, new: Iterable[ControlMapping], make: Callable[[], Any]) -> None:
    """Write out the series that one of the new mappings is taken from, each as a table."""
    replaced = {(each.control, each.device) for each in new}
    for at in reversed(range(len(listed))):
        table = listed[at].unwrap()
        pairs = list(_series(table["control"], table["address"]))
        own = {(control, table.get("device", "")) for control, _ in pairs}
        if len(pairs) > 1 and not own.isdisjoint(replaced):
            del listed[at]
            for control, address in pairs:
                made = make()
                made.update({**table, "control": control, "address": address})
                listed.append(made)


def _is_of(table: Mapping[str, Any], mapping: ControlMapping) -> bool:
    found = (table["control"], table.get("device", ""))
    return found == (mapping.control, mapping.device)


def _table(mapping: ControlMapping) -> dict[str, Any]:
    """Write a mapping as a table has it: what is not said otherwise is left out."""
    plain = ControlMapping(mapping.control, mapping.address)
    found: dict[str, Any] = {"control": mapping.control, "address": mapping.address}
    for key in ("device", "range", "curve", "takeover", "coding", "step", "mode", "value"):
        value = getattr(mapping, key)
        if value != getattr(plain, key):
            found[key] = list(value) if isinstance(value, tuple) else value
    if mapping.light is None:
        found["light"] = "none"
    elif mapping.light != plain.light:
        found["light"] = {"on": 127.0 * mapping.light[0], "off": 127.0 * mapping.light[1]}
    return found
