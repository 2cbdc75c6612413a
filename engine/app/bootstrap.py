"""The two commands that set everything up, for a bare Python and nothing else.

Usage, from the root of the repository::

    python3 -m engine.app.bootstrap play [SHOW] [OPTIONS]
    python3 -m engine.app.bootstrap test [--quick | PYTEST OPTIONS]

This file stays readable to any Python 3, so that an old one gets a sentence and no syntax error.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Install what is missing into ``.venv``, then play or test."""
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python is exactly who this is for
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        print(
            f"Latent Cinema needs Python 3.11 or newer and this is Python {found}: "
            "run the same command with a newer one, like python3.11 or python3.12."
        )
        return 1
    from engine.app.setup import installation

    return installation.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
