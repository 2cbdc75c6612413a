"""Safe printing on terminals and files whose encoding lacks some of our letters."""

from __future__ import annotations

import io
import sys


def make_safe() -> None:
    """Let standard output and errors write any text: a letter they lack becomes its number.

    On Windows a report that goes into a file has the letters of one country only; elsewhere
    ``LANG=C`` does the same. A name that is no text at all (a file from another system) is escaped
    too.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
