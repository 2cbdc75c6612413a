"""Places of the shipped shaders and shows: inside a wheel, or beside `engine/` in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parents[1]


def assets_dir(kind: Literal["shaders", "presets"]) -> Path:
    """Find the folder of shipped ``shaders`` (ISF files) or ``presets`` (shows).

    A wheel carries them as ``engine/_assets/KIND``; in a checkout, and so in an editable install,
    they lie beside the package.

    Raises
    ------
    FileNotFoundError
        If neither layout holds them: the installation is damaged.
    """
    places = (_PACKAGE / "_assets" / kind, _PACKAGE.parent / kind)
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"the shipped {kind} are missing: looked in {places[0]} and {places[1]}; "
        "install latent-cinema again (pip install --force-reinstall --no-deps latent-cinema)"
    )
