"""Make the layouts of docs/phone.md: ``python docs/phone.py`` in a clone.

One list of controls becomes ``phone.tosc`` (TouchOSC), ``phone.json`` (Open Stage Control) and a
picture of them, ``phone.png``. Addresses and defaults are those that the default show lists.

References
----------
hexler.net/touchosc/manual (properties, values, messages); a ``.tosc`` is zlib-compressed XML.
openstagecontrol.ammd.net/docs/widgets/properties-reference.
"""

from __future__ import annotations

import json
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from engine.core.show.addresses import Address, addresses
from engine.documents.show.load import load
from engine.play.live.commands import ADDRESSES

OUT = Path(__file__).parent
SIZE = 450, 900
GAP, ROW = 10, 70
SCENES = 5
AMBER, SLATE = (0.95, 0.66, 0.2, 1.0), (0.36, 0.43, 0.5, 1.0)


@dataclass(frozen=True)
class Control:
    """One control.

    Parameters
    ----------
    kind
        ``pad``, ``fader``, ``toggle`` or ``press``, which sends 1 (``home``: two zeros).
    low, high
        Of each number that it sends; a part of the address's range.
    frame
        Left, top, width and height in pixels of `SIZE`.
    """

    kind: str
    label: str
    address: str
    frame: tuple[int, int, int, int]
    low: float = 0.0
    high: float = 1.0


def row(top: int, kind: str, *named: tuple[str, str]) -> list[Control]:
    """Put controls side by side."""
    width = (SIZE[0] - GAP * (len(named) + 1)) // len(named)
    return [
        Control(kind, label, address, (GAP + k * (width + GAP), top, width, ROW))
        for k, (label, address) in enumerate(named)
    ]


def controls() -> list[Control]:
    """List what is on the screen."""
    side = SIZE[0] - 2 * GAP
    top = [side + 2 * GAP + k * (ROW + GAP) for k in range(3)]
    faders = (("truncation", 0.0, 2.0), ("speed", 0.0, 2.0), ("brightness", 0.0, 1.0))
    height = (SIZE[1] - top[2] - ROW - 4 * GAP) // 3
    return [
        Control("pad", "", "/master/steer", (GAP, GAP, side, side), -3.0, 3.0),
        *row(top[0], "press", *((str(n), f"/cue/{n}/go") for n in range(1, SCENES + 1))),
        *row(top[1], "press", ("fly", "/master/jump"), ("tap", "/transport/tap"),
             ("home", "/master/steer"), ("ask", "/feedback/all")),
        *row(top[2], "toggle", ("autopilot", "/autopilot/on"), ("freeze", "/master/freeze"),
             ("blackout", "/master/blackout")),
        *(
            Control("fader", name, f"/master/{name}",
                    (GAP, top[2] + ROW + GAP + k * (height + GAP), side, height), low, high)
            for k, (name, low, high) in enumerate(faders)
        ),
    ]  # fmt: skip


def names() -> dict[str, Address]:
    """Find everything that the default show and the host answer to, by all of its names."""
    found = addresses(load("default").show)
    aliases = {alias: each for each in found.values() for alias in each.aliases}
    return {**found, **aliases, **ADDRESSES}


def starts(control: Control, known: dict[str, Address]) -> list[float]:
    """Where a control stands at first, from 0 to 1 for each of its numbers; a press at 0."""
    default = known[control.address].default
    values = default if isinstance(default, list) else [default or 0.0]
    if control.kind == "press":
        values = [0.0]
    return [(float(value) - control.low) / (control.high - control.low) for value in values]


# ---- TouchOSC ------------------------------------------------------------------------------------

TYPES = {"pad": "XY", "fader": "FADER", "toggle": "BUTTON", "press": "BUTTON"}
EXTRA: dict[str, dict[str, Any]] = {
    "XY": {"gridX": True, "gridY": True, "gridStepsX": 10, "gridStepsY": 10, "lines": True,
           "linesDisplay": 0, "cursor": True, "cursorDisplay": 0, "lockX": False, "lockY": False,
           "gridColor": (0.0, 0.0, 0.0, 0.25), "response": 0, "responseFactor": 100},
    "FADER": {"bar": True, "barDisplay": 0, "cursor": True, "cursorDisplay": 0, "grid": False,
              "gridSteps": 10, "gridColor": (0.0, 0.0, 0.0, 0.25), "response": 0,
              "responseFactor": 100, "orientation": 1},
    "BUTTON": {"buttonType": 0, "press": True, "release": True, "valuePosition": False},
    "LABEL": {"font": 0, "textAlignH": 2, "textAlignV": 2, "textColor": (1.0, 1.0, 1.0, 1.0),
              "textSize": 18, "textClip": True, "textLength": 0, "interactive": False,
              "background": False, "outline": False},
    "GROUP": {"grabFocus": False, "interactive": False, "outlineStyle": 0},
}  # fmt: skip


def tag(name: str, *inside: str, **attributes: str) -> str:
    """Write one element."""
    given = "".join(f" {key}='{value}'" for key, value in attributes.items())
    return f"<{name}{given}>{''.join(inside)}</{name}>"


def text(value: str) -> str:
    """Write text as TouchOSC does."""
    return f"<![CDATA[{value}]]>"


def number(value: float) -> str:
    """Write a number; whole ones without a point, truths as 1 and 0."""
    return f"{float(value):.10g}"


def written(key: str, value: Any) -> str:
    """Write one property with its type."""
    if isinstance(value, tuple):
        kind, names = ("r", "xywh") if key == "frame" else ("c", "rgba")
        inside = "".join(tag(n, number(v)) for n, v in zip(names, value, strict=True))
    elif isinstance(value, str):
        kind, inside = "s", text(value)
    else:
        kind = {bool: "b", int: "i", float: "f"}[type(value)]
        inside = number(value)
    return tag("property", tag("key", text(key)), tag("value", inside), type=kind)


def node(kind: str, name: str, own: dict[str, Any], *parts: str, head: str = "") -> str:
    """Write one node: its properties, then what else it has."""
    found = {
        "background": True, "color": SLATE, "cornerRadius": 4.0, "grabFocus": True,
        "interactive": True, "locked": False, "name": name, "orientation": 0, "outline": True,
        "outlineStyle": 1, "pointerPriority": 0, "shape": 1, "visible": True, **EXTRA[kind], **own,
    }  # fmt: skip
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"latent-cinema/phone/{kind}/{name}"))
    properties = tag("properties", *(written(key, found[key]) for key in sorted(found)))
    return tag("node", head, properties, *parts, ID=identity, type=kind)


def value(key: str, start: str) -> str:
    """Write one value and where it begins."""
    return tag(
        "value", tag("key", text(key)), tag("locked", "0"), tag("lockedDefaultCurrent", "0"),
        tag("default", text(start)), tag("defaultPull", "0"),
    )  # fmt: skip


def partial(kind: str, conversion: str, content: str, low: float = 0.0, high: float = 1.0) -> str:
    """Write a part of an address or an argument."""
    return tag(
        "partial", tag("type", kind), tag("conversion", conversion), tag("value", text(content)),
        tag("scaleMin", number(low)), tag("scaleMax", number(high)),
    )  # fmt: skip


def message(control: Control) -> str:
    """Write the OSC message of a control; what presses, sends when it is pressed."""
    if control.label == "home":
        arguments = [partial("CONSTANT", "FLOAT", "0")] * 2
    else:
        keys = "xy" if control.kind == "pad" else "x"
        arguments = [partial("VALUE", "FLOAT", k, control.low, control.high) for k in keys]
    condition = "RISE" if control.kind == "press" else "ANY"
    triggers = [
        tag("trigger", tag("var", text(key)), tag("condition", condition))
        for key in ("xy" if control.kind == "pad" else "x")
    ]
    listens = "0" if control.kind == "press" else "1"
    return tag("messages", tag(
        "osc", tag("enabled", "1"), tag("send", "1"), tag("receive", listens), tag("feedback", "0"),
        tag("noDuplicates", "0"), tag("connections", "1" * 10), tag("triggers", *triggers),
        tag("path", partial("CONSTANT", "STRING", control.address)), tag("arguments", *arguments),
    ))  # fmt: skip


def touchosc(listed: list[Control], known: dict[str, Address]) -> bytes:
    """Make the file of TouchOSC."""
    nodes = []
    for control in listed:
        kind, name = TYPES[control.kind], control.label or "steer"
        own: dict[str, Any] = {"frame": control.frame, "name": name}
        own["color"] = AMBER if control.kind in ("pad", "fader") else SLATE
        if control.kind == "toggle":
            own["buttonType"] = 2
        at = zip("xy", starts(control, known), strict=False)
        values = [value(key, number(start)) for key, start in at]
        values = tag("values", *values, value("touch", "false"))
        nodes.append(node(kind, name, own, values, message(control)))
        if control.label:
            words = tag("values", value("text", control.label), value("touch", "false"))
            nodes.append(node("LABEL", f"{name} label", {"frame": control.frame}, words))
    black = {"frame": (0, 0, *SIZE), "color": (0.0, 0.0, 0.0, 1.0)}
    touch = tag("values", value("touch", "false"))
    root = node(
        "GROUP", "Latent Cinema", black, touch, tag("children", *nodes), head=tag("includes")
    )
    xml = "<?xml version='1.0' encoding='UTF-8'?>" + tag("lexml", root, version="6")
    return zlib.compress(xml.encode(), 9)


# ---- Open Stage Control --------------------------------------------------------------------------


def widget(control: Control, known: dict[str, Address]) -> dict[str, Any]:
    """Make one widget of Open Stage Control."""
    at = [control.low + start * (control.high - control.low) for start in starts(control, known)]
    limits = {"min": control.low, "max": control.high}
    places = zip(("left", "top", "width", "height"), control.frame, (*SIZE, *SIZE), strict=True)
    found: dict[str, Any] = {
        "type": {"pad": "xy", "fader": "fader"}.get(control.kind, "button"),
        "id": control.label or "steer",
        **{key: f"{100.0 * length / whole:.2f}%" for key, length, whole in places},
        "colorWidget": "#f2a833" if control.kind in ("pad", "fader") else "#5c6e80",
        "address": control.address,
    }
    if control.kind == "pad":
        return found | {"rangeX": limits, "rangeY": limits, "snap": True, "default": at}
    if control.kind == "fader":
        shown = {"horizontal": True, "design": "compact", "html": control.label}
        return found | {"range": limits, "default": at[0], **shown}
    found |= {"label": control.label, "on": [0.0, 0.0] if control.label == "home" else 1, "off": 0}
    if control.kind == "toggle":
        return found | {"mode": "toggle", "default": at[0]}
    return found | {"mode": "tap"}


def open_stage_control(listed: list[Control], known: dict[str, Address]) -> str:
    """Make the session of Open Stage Control."""
    widgets = [widget(control, known) for control in listed]
    content = {"type": "root", "id": "root", "colorBg": "#000000", "widgets": widgets}
    session = {"version": "1.26.0", "type": "session", "content": content}
    return json.dumps(session, indent=2) + "\n"


def draw(listed: list[Control], known: dict[str, Address]) -> Image.Image:
    """Draw the layout, for the page."""
    picture = Image.new("RGB", SIZE, (0, 0, 0))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(22)
    for control in listed:
        left, top, width, height = control.frame
        is_amber = control.kind in ("pad", "fader")
        edge = (242, 168, 51) if is_amber else (120, 140, 160)
        pen.rounded_rectangle((left, top, left + width, top + height), 6, (24, 28, 32), edge, 2)
        start = starts(control, known)
        if control.kind == "fader":
            right = left + 3 + (width - 6) * start[0]
            pen.rectangle((left + 3, top + 3, right, top + height - 3), (96, 70, 28))
        if control.kind == "pad":
            x, y = left + width * start[0], top + height * (1.0 - start[1])
            pen.line((left, y, left + width, y), (96, 70, 28))
            pen.line((x, top, x, top + height), (96, 70, 28))
            pen.ellipse((x - 16, y - 16, x + 16, y + 16), edge)
        middle = left + width / 2, top + height / 2
        pen.text(middle, control.label, (240, 240, 240), font, anchor="mm")
    return picture


def main() -> None:
    """Write all three files."""
    listed, known = controls(), names()
    (OUT / "phone.tosc").write_bytes(touchosc(listed, known))
    (OUT / "phone.json").write_text(open_stage_control(listed, known), "utf-8")
    draw(listed, known).save(OUT / "phone.png", optimize=True)


if __name__ == "__main__":
    main()
