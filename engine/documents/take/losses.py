"""What a take has lost: sound that was recorded, or its end."""

from __future__ import annotations

import json
from pathlib import Path

from engine.documents.take.reader import Take
from engine.system.untrusted import open_regular

_TAIL_BYTES = 1 << 16
MARK_PER_S = 4  # the recorder says so often how far it is: a crash loses no more


def losses(take: Take) -> list[str]:
    """Say what is not there any more of a take; nothing if it is whole.

    What the recorder never said of itself (a take that nobody ended, sound of older versions) is
    not missed.
    """
    ticks = take.header.get("ticks", 0)
    is_lost = type(ticks) is int and ticks - (take.last_tick + 1) > take.rate / MARK_PER_S
    return [*([cut_off(take)] if is_lost else []), *_lost_sound(take)]


def cut_off(take: Take) -> str:
    """Say where a take ends whose last line was being written, or is gone; "" if none was."""
    ticks = take.header.get("ticks", 0)
    last = take.path(take.parts[-1], "jsonl")
    newest = max((take.folder / "parts").glob("[0-9]*.jsonl"))
    is_short = type(ticks) is int and ticks > take.last_tick + 1
    if newest == last and _tail(last).endswith(b"\n") and not is_short:
        return ""
    seconds = float((take.last_tick + 1) / take.rate)
    return f"its last part, {newest.name}, is cut off, and it ends at {seconds:g} s"


def _lost_sound(take: Take) -> list[str]:
    sound = take.header.get("sound")
    if sound is None:
        return []
    frame = 2 * int(sound["channels"])
    lost = []
    for part in take.parts:
        path = take.path(part, "pcm")
        there = path.stat().st_size // frame if path.is_file() else 0
        if there < _recorded(take.path(part, "jsonl")):
            lost.append(f"{path.name} {'is cut off' if there else 'is not there'}")
    more = f" (and of {len(lost) - 1} more parts)" if len(lost) > 1 else ""
    return [f"sound is lost: {lost[0]}{more}"] if lost else []


def _recorded(path: Path) -> int:
    """How many samples a part had, by its newest mark."""
    for line in reversed(_tail(path).splitlines()):
        try:
            mark = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(mark, dict) and "at" in mark:
            count = mark.get("sound", 0)
            return count if type(count) is int else 0
    return 0


def _tail(path: Path) -> bytes:
    with open_regular(path) as file:
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        return file.read(_TAIL_BYTES)
