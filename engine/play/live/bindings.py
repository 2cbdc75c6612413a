"""Bindings: what each key and the mouse do in a show, for the keyboard, F1 and the terminal."""

from __future__ import annotations

from typing import NamedTuple

from engine.core.control.cues import values_now
from engine.core.control.recall.lists import next_cue
from engine.core.show.addresses import HOST
from engine.core.show.decks import SIDES
from engine.core.show.show import Show
from engine.core.show.state import State


class Binding(NamedTuple):
    """What a key does in every show that does not bind it otherwise.

    Parameters
    ----------
    meaning
        For people.
    address
        Of the parameter that it turns over or fires; empty for a command.
    command
        Word for the host.
    """

    meaning: str
    address: str = ""
    command: str = ""


BUILT_IN = {
    "space": Binding("fly to a new place", "/master/jump"),
    "b": Binding("blackout", "/master/blackout"),
    "h": Binding("freeze every motion", "/master/freeze"),
    "p": Binding("hold the picture", "/master/hold"),
    "tab": Binding("tap the beat", "/transport/tap"),
    "a": Binding("autopilot", "/autopilot/on"),
    "m": Binding("built-in music · live input", command="music"),
    "l": Binding("learn: map a control", command="learn"),
    "k": Binding("keep the last ten minutes", command="keep"),
    "ctrl+s": Binding("save the show as it stands", command="save"),
    "c": Binding("capture a cue", command="capture"),
    "ctrl+z": Binding("undo", command="undo"),
    "ctrl+y": Binding("redo", command="redo"),
    "ctrl+r": Binding("back to the last good state", command="restore"),
    "ctrl+l": Binding("flash limiter", "/master/flash_limiter"),
    "n": Binding("names of cues", command="names"),
    "t": Binding("test card", command="card"),
    "f": Binding("full screen", command="fullscreen"),
    "escape": Binding("leave full screen", command="leave"),
    "f1": Binding("this help", command="help"),
}
SAME = {"ctrl+shift+z": "ctrl+y"}
"""Keys that are others."""
QUIT = "ctrl+q"
LIMITER = "/master/flash_limiter"
SWITCHED = {
    "/master/blackout": ("blackout off", "blackout on"),
    "/master/freeze": ("moving again", "frozen"),
    "/master/hold": ("picture goes on", "picture held"),
    "/autopilot/on": ("autopilot off", "autopilot on"),
    LIMITER: ("flash limiter OFF", "flash limiter on"),
}
"""What is said of a switch that was turned off, and on."""
_DRAGS = {
    "steer": "steer the latent",
    "paint": "paint · right button: erase",
    "map": "fly over the map",
    "grab": "pull a feature · right: let go",
}
_LABELS = {"escape": "Esc"}


def flags(show: Show, state: State, is_limiting: bool) -> tuple[str, ...]:
    """What the operator must not forget."""
    on = {each: bool(state.base[show.registry.index[each]] >= 0.5) for each in SWITCHED}
    told = [address for address in SWITCHED if on[address] != (address == LIMITER)]
    found = [SWITCHED[address][on[address]] for address in told]
    return (*found, *(("limiting flashes",) if is_limiting else ()))


def label(key: str) -> str:
    """Write a key as it is printed on keyboards: ``ctrl+q`` is Ctrl-Q."""
    words = [_LABELS.get(part, part.replace("_", " ").title()) for part in key.split("+")]
    return "-".join(words)


def meaning(show: Show, address: str) -> str:
    """Say in a few words what firing an address does in a show."""
    place = show.registry.index.get(address, -1)
    if place in show.cue_of:
        return f"scene {cue_name(show.cues[show.cue_of[place]].id)}"
    text = show.registry.parameters[place].text if place >= 0 else HOST.get(address, "")
    text = text.partition(". ")[0].rstrip(".")
    text = text[:1].lower() + text[1:] if text else address
    is_of_layer = address.startswith("/layer/") and address.count("/") == 3
    return f"{address.split('/')[2]}: {text}" if is_of_layer else text


def switched(show: Show, address: str, is_on: bool) -> str:
    """Say in a few words that a switch was turned on or off."""
    words = SWITCHED.get(address, (f"off: {meaning(show, address)}", meaning(show, address)))
    return words[is_on]


def cue_name(cue: str) -> str:
    """Write the ID of a cue as a name."""
    return cue.replace("_", " ").title()


def upcoming(show: Show, state: State) -> str:
    """ID of the cue that comes next: by GO of the first list, or by the autopilot; empty: none."""
    index = next_cue(show, state)
    is_alone = not show.lists and state.base[show.master.autopilot] >= 0.5
    if is_alone and state.cue >= 0:
        index = show.cues[state.cue].next
    return show.cues[index].id if index >= 0 else ""


def deck_text(show: Show, state: State) -> str:
    """Say which deck is on air, and which comes next; empty: there are none."""
    if show.decks is None or state.decks is None:
        return ""
    share = 100.0 * values_now(show, state)[show.decks.fade]
    front, other = (SIDES[i].upper() for i in (state.decks.front, 1 - state.decks.front))
    return f"left: {other}, next - right: on air, {front} ({share:.0f} % B)"


def rows(show: Show) -> tuple[str, ...]:
    """List what keys and mouse do in a show: headings, and lines ``KEY<tab>what it does``."""
    scenes: list[str] = []
    own: list[str] = []
    keys = [(key, address, "") for key, (address, _) in show.keys.items()]
    for each in show.mappings:
        if each.control.startswith("key/") and each.address:
            step = f" ({each.step:+g})" if each.mode == "step" and each.step else ""
            keys.append((each.control.removeprefix("key/"), each.address, step))
    for key, address, step in keys:
        is_scene = show.registry.index.get(address, -1) in show.cue_of
        text = meaning(show, address) + step
        row = f"{label(key)}\t{text.removeprefix('scene ') if is_scene else text}"
        (scenes if is_scene else own).append(row)
    dragged = _DRAGS[show.drag] if show.drag != "steer" or show.paths else "nothing in this show"
    always = [f"drag\t{dragged}", "wheel\ttruncation"]
    for key, bound in BUILT_IN.items():
        name = f"shift+{key}" if key in show.keys else key
        if bound.address != "/master/jump" or show.paths:
            always.append(f"{label(name)}\t{bound.meaning}")
    always.append(f"{label(QUIT)}\tquit, when held")
    found: list[str] = []
    for title, lines in (("Scenes", scenes), ("This show", own), ("Always", always)):
        if lines:
            found += [*([""] if found else []), title, *lines]
    return tuple(found)


def hidden(show: Show) -> list[str]:
    """Say which keys of a show stand in the way of built-in ones, and how to reach those."""
    return [
        f"{label(key)} in this show: {meaning(show, show.keys[key][0])}; "
        f"{label('shift+' + key)} does what it does elsewhere ({bound.meaning})"
        for key, bound in BUILT_IN.items()
        if key in show.keys
    ]
