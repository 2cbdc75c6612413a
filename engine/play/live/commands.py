"""Commands of the host that come by OSC: they belong to no show and are in no take."""

from __future__ import annotations

from engine.core.parameter import Kind
from engine.core.show.addresses import HOST, NAME, TEXT, Address

COMMANDS = {
    "/feedback/all": "feedback", "/show/save": "save", "/cue/capture": "capture", "/undo": "undo",
    "/redo": "redo", "/show/restore": "restore", "/who": "who",
    "/learn/target": "target",
    "/learn/cancel": "cancel", "/learn/forget": "forget",
}  # fmt: skip
"""Address → word for the player."""
LEARNING = ("learn", "target", "cancel", "forget")
"""Words for learning; the first is that of a key."""
_KINDS = {"/who": TEXT, "/learn/target": TEXT, "/learn/forget": TEXT, "/cue/capture": NAME}

ADDRESSES = {
    address: Address(address, _KINDS.get(address, Kind.TRIGGER), text)
    for address, text in HOST.items()
}
