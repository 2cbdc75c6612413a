"""Commands of the host that come by OSC: they belong to no show and are in no take."""

from __future__ import annotations

from engine.core.parameter import Kind
from engine.core.show.addresses import HOST, Address

COMMANDS = {"/feedback/all": "feedback", "/show/save": "save"}
"""Address → word for the player."""

ADDRESSES = {address: Address(address, Kind.TRIGGER, text) for address, text in HOST.items()}
