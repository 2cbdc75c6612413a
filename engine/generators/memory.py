"""Constants of memory estimates, in bytes."""

from __future__ import annotations

FLOAT_BYTES = 4


MB = 1 << 20


PROCESS_BYTES = 450 * MB
"""Of the interpreter, torch and the compiler of loops at work, before any model."""


CONTEXT_BYTES = 512 * MB
"""Of a CUDA context and its libraries' workspace; never measured, no GPU was here."""
