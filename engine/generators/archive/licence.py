"""Licences of pictures: which allow a small copy of one beside its credit."""

from __future__ import annotations

import re

FREE = (
    r"(in )?(the )?public domain( \(.*\))?",
    r"(public domain )?(pd|pdm)( \d\.\d)?",
    r"(cc ?0|cc zero|creative commons zero)( \d\.\d)?( universal)?",
    r"https?://creativecommons\.org/publicdomain/(zero|mark)/.*",
    r"no known copyright( restrictions)?",
)
"""Nobody need be named."""
CREDITED = (
    r"cc by( sa)?( \d\.\d)?( [a-z]{2,4}| unported| international)?",
    r"(cc|creative commons) attribution( share ?alike)?( \d\.\d)?( unported| international)?",
    r"https?://creativecommons\.org/licenses/by(-sa)?/.*",
    r"mit( licen[cs]e)?|isc|0bsd|bsd( [23] clause)?|apache( 2\.0)?|ofl( 1\.1)?|etalab( 2\.0)?",
    r"odc by( 1\.0)?|odbl( 1\.0)?|ogl( uk)?( 3\.0)?|pddl( 1\.0)?",
)
"""Whoever made it must be named. No terms of this list forbid changes or commerce."""
_NOT = re.compile(r"\b(nc|nd|non ?commercial|no ?derivatives)\b")


def allows_copies(licence: str, credit: str) -> bool:
    """Whether a small copy of a picture may be stored and shown, with its credit.

    Parameters
    ----------
    licence
        As its owner wrote it; of several, ``; `` between them, each must allow it.
    credit
        Who made it: licences that ask for a credit allow nothing without one.
    """
    parts = [" ".join(part.lower().split()) for part in licence.split(";")]
    return all(_allows(part, bool(credit.strip())) for part in parts)


def _allows(licence: str, is_credited: bool) -> bool:
    plain = licence if licence.startswith("http") else re.sub(r"[-_ ]+", " ", licence)
    if _NOT.search(plain):
        return False
    kinds = (*FREE, *CREDITED) if is_credited else FREE
    return any(re.fullmatch(kind, plain) for kind in kinds)
