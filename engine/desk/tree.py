"""The tree of OSCQuery: nodes made of the reports of a show's addresses, queries, differences.

References
----------
Vidvox, OSC Query Proposal (github.com/Vidvox/OSCQueryProposal).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import pack
from typing import Any

Node = dict[str, Any]
Command = dict[str, Any]

ATTRIBUTES = (
    "FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "UNIT",
    "CLIPMODE", "LABEL", "CURVE",
)  # fmt: skip
"""Those of a node. The last two are ours: a word or two for a widget, and how a fader covers the
range."""
EXTENSIONS = (
    *ATTRIBUTES[3:], "LISTEN", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED", "PATH_RENAMED",
)  # fmt: skip
MOST_COMMANDS = 64
"""Said of a show that was loaded again, before it is simply all another."""
_TYPES = {"float": "f", "int": "i", "bool": "T", "choice": "s", "trigger": "I"}
_UNITS = {
    "s": "time.second", "hz": "time.frequency", "bpm": "time.bpm", "rad": "angle.radian",
}  # fmt: skip


class Tree:
    """All nodes by their paths; `values` are those that are told already."""

    def __init__(self, reports: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> None:
        self.nodes: dict[str, Node] = {"/": _container("/")}
        for report in reports:
            node = self._node(report["address"])
            node.update(_method(report))
        for address, value in values.items():
            self.set(address, value)

    def _node(self, path: str) -> Node:
        if path not in self.nodes:
            above, _, name = path.rpartition("/")
            self.nodes[path] = _container(path)
            self._node(above or "/").setdefault("CONTENTS", {})[name] = self.nodes[path]
        return self.nodes[path]

    def set(self, address: str, value: Any) -> None:
        """Note a value; of what has none, or is not there, nothing."""
        node = self.nodes.get(address)
        if node is not None and "VALUE" in node:
            held = value if isinstance(value, list) else [value]
            node["VALUE"] = [bool(x) for x in held] if node["TYPE"] == "T" else held

    def query(self, path: str, attribute: str) -> tuple[int, Any]:
        """Answer ``PATH?ATTRIBUTE``, or ``PATH`` if it is empty: an HTTP status and its JSON."""
        node = self.nodes.get(path if path == "/" else path.rstrip("/"))
        if node is None:
            return 404, None
        if not attribute:
            return 200, node
        if attribute not in ATTRIBUTES:
            return 400, None
        return (200, {attribute: node[attribute]}) if attribute in node else (204, None)

    def packet(self, address: str) -> bytes:
        """Write the value of a method as an OSC message."""
        node = self.nodes[address]
        return message(address, node["TYPE"], node["VALUE"])


def message(address: str, types: str, values: Iterable[Any]) -> bytes:
    """Write an OSC message of numbers (``f i``), texts (``s``) and truths (``T``)."""
    tags, data = ",", b""
    for kind, value in zip(types, values, strict=False):
        if kind == "T":
            tags += "T" if value else "F"
            continue
        tags += kind
        if kind == "s":
            data += _text(value)
        else:
            data += pack(">i", round(value)) if kind == "i" else pack(">f", value)
    return _text(address) + _text(tags) + data


def _text(text: str) -> bytes:
    data = text.encode()
    return data + bytes(4 - len(data) % 4)


def _container(path: str) -> Node:
    return {"FULL_PATH": path, "ACCESS": 0}


def _method(report: Mapping[str, Any]) -> Node:
    kind = report["type"]
    found: Node = {}
    count = next(iter(report.get("numbers", ())), 1)
    default = report.get("default")
    found["TYPE"] = _TYPES.get(kind, "f" * max(count, 1))
    found["ACCESS"] = 2 if default is None else 3
    if default is not None:
        found["VALUE"] = default if isinstance(default, list) else [default]
    if "range" in report:
        ranges = report["range"] if isinstance(report["range"][0], list) else [report["range"]]
        found["RANGE"] = [{"MIN": low, "MAX": high} for low, high in ranges]
        found["CLIPMODE"] = ["both"] * len(ranges)
    elif "choices" in report:
        found["RANGE"] = [{"VALS": report["choices"]}]
    if "unit" in report:
        found["UNIT"] = [_UNITS.get(report["unit"], report["unit"])] * len(found["TYPE"])
    found["DESCRIPTION"] = report.get("text", "")
    found["TAGS"] = [report["address"].split("/")[1]]
    found["LABEL"] = report.get("label", "")
    if "curve" in report:
        found["CURVE"] = report["curve"]
    return found


def differences(old: Tree, new: Tree) -> list[Command]:
    """Say what became of a tree, as commands to those who know the old one."""
    gone, come = _tops(old, new), _tops(new, old)
    found = []
    for path in tuple(gone):
        twin = next((c for c in come if _shape(old, path) == _shape(new, c)), None)
        if twin is not None:
            found.append(_command("PATH_RENAMED", {"OLD": path, "NEW": twin}))
            gone.remove(path)
            come.remove(twin)
    found += [_command("PATH_REMOVED", path) for path in gone]
    found += [_command("PATH_ADDED", path) for path in come]
    found += [
        _command("PATH_CHANGED", path)
        for path, node in new.nodes.items()
        if path in old.nodes and _own(node) != _own(old.nodes[path])
    ]
    return found if len(found) <= MOST_COMMANDS else [_command("PATH_CHANGED", "/")]


def _command(name: str, data: Any) -> Command:
    return {"COMMAND": name, "DATA": data}


def _own(node: Node) -> Node:
    return {key: node[key] for key in node.keys() - {"CONTENTS", "VALUE"}}


def _tops(tree: Tree, other: Tree) -> list[str]:
    """Paths that the other does not have, without what lies below one of them."""
    alone = [path for path in tree.nodes if path not in other.nodes]
    return [path for path in alone if path.rpartition("/")[0] not in alone or "/" not in path[1:]]


def _shape(tree: Tree, path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Where a part of the tree hangs and what is in it, by names and types."""
    below = sorted(
        (each.removeprefix(path), str(node.get("TYPE", "")))
        for each, node in tree.nodes.items()
        if each == path or each.startswith(f"{path}/")
    )
    return path.rpartition("/")[0], tuple(below)
