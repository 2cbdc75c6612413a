"""Make the second network of the show *Two Earths* from the first: nothing is trained.

``python docs/rust.py presets/networks/earth.safetensors presets/networks/rust.safetensors``. Its
coarse and middle blocks are those that Earth had after a quarter of its training (the ages that lie
beside it), so that it has coasts of its own. Both have one parent, and melt into each other; that
its seas are rust, the shader ``earth`` sees to.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine.models import card
from engine.models.sidecars import snapshots
from engine.system import hashing

EARLIER, AGE = ("synthesis.b4.", "synthesis.b8.", "synthesis.b16."), 5
FACTS = ("architecture", "licence", "data_set", "credits")


def main(source: Path, target: Path) -> None:
    """Write the network and its card."""
    network = card.load(source)
    found = snapshots.find(source, network)
    assert found is not None, "the ages must lie beside the network"
    earlier = list(found.states(network))[::-1][AGE]
    state = {
        name: np.asarray(earlier[name] if name.startswith(EARLIER) else x, np.float32)
        for name, x in network.state.items()
    }
    with target.open("wb") as file:
        card.write(file, replace(network, state=state, origin="docs/rust.py"), half=True)
    told = card.read_card(card.card_path(source))
    facts = {"family": network.family, **{key: told[key] for key in FACTS}}
    facts |= {"origin": f"docs/rust.py, from {source.name}", "sha256": hashing.sha256_of(target)}
    card.card_path(target).write_text(card.card_text(facts), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
