"""Mappings: which control of a device moves which address, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.core.event import Value

MODES = ("value", "velocity", "toggle", "momentary", "trigger", "step")
TAKEOVERS = ("jump", "pickup", "scale")
CODINGS = ("absolute", "twos_complement", "offset_64", "sign_magnitude", "ones_complement")

_SHAPE = re.compile(r"[a-z][a-z0-9_]{0,31}(/[!-.0-~]{1,64}){1,8}")
_MIDI = re.compile(
    r"midi/(?P<channel>\d+)/((bend|pressure|program)|"
    r"(?P<kind>cc|cc14|note|nrpn|pressure|program)/(?P<low>\d+)(-(?P<high>\d+))?)"
)


@dataclass(frozen=True, slots=True)
class ControlMapping:
    """A control and what it moves.

    Parameters
    ----------
    control
        See `engine.sources.contract.Moved`. Keys that lie side by side are one control that is as
        far as the key is: ``midi/1/note/36-43``.
    address
        Empty: this control moves nothing, whatever other maps say.
    device
        Part of the name of the device; empty: of any.
    range
        Values at both ends of its way; None: those of the parameter.
    curve
        From its way to the range, see `engine.core.curves`.
    takeover
        When a control moves that is not where the value is: ``jump`` there, let it be until the
        control has come by (``pickup``), or bring both to the end together (``scale``).
    coding
        How a control that has no ends says how far it was turned: one of `CODINGS`.
    step
        Of a turn by one click, or of a press: part of the range; of whole numbers and choices, in
        steps. 0: 0.01 for a click, 0.1 for a press, and one step.
    mode
        One of `MODES`; empty: by what it moves.
    value
        What a press sends, where it is not the end of the range.
    light
        What the control shows when on and when off (0..1); None: it shows nothing.
    """

    control: str
    address: str
    device: str = ""
    range: tuple[float, float] | None = None
    curve: str = "linear"
    takeover: str = ""
    coding: str = "absolute"
    step: float = 0.0
    mode: str = ""
    value: Value | None = None
    light: tuple[float, float] | None = (1.0, 0.0)

    def is_for(self, device: str) -> bool:
        """Whether it is about a device."""
        return self.device.casefold() in device.casefold()

    @property
    def rests(self) -> bool:
        """Whether the control stays where a hand has left it, and has to be picked up again."""
        return kind_of(self.control) in ("cc", "cc14", "nrpn", "osc")

    @property
    def is_button(self) -> bool:
        """Whether every value above 0 is a press, however soft."""
        return kind_of(self.control) in ("note", "button", "key", "program")

    @property
    def is_centred(self) -> bool:
        """Whether it is -1..1."""
        return self.control.endswith("/bend") or "/axis/" in self.control

    def report(self) -> dict[str, object]:
        """Say it as JSON-ready data."""
        return {"control": self.control, "device": self.device, "address": self.address}


@lru_cache(maxsize=1024)
def kind_of(control: str) -> str:
    """Return what kind of control it is, such as ``cc``, ``note``, ``axis``, ``key`` or ``osc``."""
    words = control.split("/")
    return words[2] if words[0] in ("midi", "gamepad") and len(words) > 2 else words[0]


def check_control(control: str) -> None:
    """Check the text of a control.

    Raises
    ------
    ValueError
        If no control is named like that.
    """
    if not _SHAPE.fullmatch(control):
        raise ValueError(
            f"'{control[:60]}' is no control: write it like midi/1/cc/16, midi/1/note/60, "
            "gamepad/1/button/a or key/a"
        )
    if not control.startswith("midi/"):
        return
    found = _MIDI.fullmatch(control)
    if found is None:
        raise ValueError(
            f"'{control[:60]}' is no MIDI control: midi/CHANNEL/ is followed by cc/N, cc14/N, "
            "note/N, nrpn/N, pressure, pressure/N, program, program/N or bend"
        )
    if not 1 <= int(found["channel"][:9]) <= 16:
        raise ValueError(f"{control}: a MIDI channel is 1 to 16")
    most = {None: 0, "cc14": 31, "nrpn": 16383}.get(found["kind"], 127)
    numbers = [int(found[name][:9]) for name in ("low", "high") if found[name]]
    if any(number > most for number in numbers):
        raise ValueError(f"{control}: the number after {found['kind']} is 0 to {most}")
    if len(numbers) == 2 and (found["kind"] != "note" or numbers[0] >= numbers[1]):
        raise ValueError(f"{control}: a range is of notes, the lower one first")


def span_of(control: str) -> tuple[int, int] | None:
    """Lowest and highest note of keys that are one control; None: it is one key, or no key."""
    found = _MIDI.fullmatch(control)
    return (int(found["low"]), int(found["high"])) if found and found["high"] else None
