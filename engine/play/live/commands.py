"""Commands of the host that come by OSC: they belong to no show and are in no take."""

from __future__ import annotations

from engine.core.parameter import Kind
from engine.core.show.addresses import HOST, TEXT, Address

COMMANDS = {
    "/feedback/all": "feedback", "/show/save": "save", "/who": "who", "/learn/target": "target",
    "/learn/cancel": "cancel", "/learn/forget": "forget",
}  # fmt: skip
"""Address → word for the player."""
LEARNING = ("learn", "target", "cancel", "forget")
"""Words for learning; the first is that of a key."""
_TEXTS = ("/who", "/learn/target", "/learn/forget")

ADDRESSES = {
    address: Address(address, TEXT if address in _TEXTS else Kind.TRIGGER, text)
    for address, text in HOST.items()
}
