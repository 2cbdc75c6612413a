"""What a worker says to the player: exceptions in one line, and words over the control pipe."""

from __future__ import annotations

import contextlib
import json
import os
from multiprocessing.connection import Connection
from typing import Any

_MAX_SENTENCE = 400


def sentence(error: BaseException) -> str:
    """Say an exception in one line that names the file and line that raised it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" ({os.path.basename(code.co_filename)}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text[:_MAX_SENTENCE]}{place}"


def say(control: Connection, what: str, text: str, more: Any = None) -> None:
    """Send one word with its text; if nobody listens any more, it is lost."""
    with contextlib.suppress(ConnectionError):  # nobody listens any more: `_serve` will notice
        control.send_bytes(json.dumps([what, text, more]).encode())
