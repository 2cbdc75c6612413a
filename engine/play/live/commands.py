"""Commands of the host that come by OSC: they belong to no show and are in no take."""

from __future__ import annotations

from engine.core.parameter import Kind
from engine.core.show.addresses import Address

COMMANDS = {
    "/feedback/all": ("feedback", "Every value is sent to --feedback again."),
}
"""Address → word for the player, and what it does."""

ADDRESSES = {
    address: Address(address, Kind.TRIGGER, text) for address, (_, text) in COMMANDS.items()
}
