"""CPU time of style networks per picture on one thread, as JSON: ``python -m bench.style``.

``painted`` with one mixture and with three side by side, ``any-style``, and ``look``: how long it
takes to read the style of a picture (once for pictures of a show, each time for a port).
"""

import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from engine.core.show.generator import Request
from engine.documents.assets import assets_dir
from engine.generators.kinds import style
from engine.generators.networks.style import LOOK_PX, look

NETWORKS = assets_dir("presets") / "networks"
SEEN = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)


def spent(draw: Callable[[], object], rounds: int = 12) -> dict[str, float]:
    """Measure CPU milliseconds: the least, and the median."""
    draw()
    found = []
    for _ in range(rounds):
        start = time.process_time()
        draw()
        found.append((time.process_time() - start) * 1e3)
    return {"least": round(min(found), 1), "median": round(statistics.median(found), 1)}


def painter(side: int, mixture: np.ndarray, **config: object) -> Callable[[], object]:
    """Return what paints a square."""
    built = style.build(style.Config(**config))  # type: ignore[arg-type]
    pictures = {"image": SEEN, "sample": SEEN[::-1]}
    request = Request(0.0, {"style": mixture}, {}, (side, side), 1.0, pictures)
    return lambda: built.render(request)


def main() -> None:
    """Measure."""
    torch.set_num_threads(1)
    learnt, any_style = (str(NETWORKS / f"{n}.safetensors") for n in ("painted", "any-style"))
    each = np.eye(26, dtype=np.float32)
    found = {
        f"painted {side}": spent(painter(side, each[7], path=learnt)) for side in (128, 256, 384)
    }
    found["painted 256, three"] = spent(painter(256, each[[7, 19, 1]], path=learnt, points=3))
    found["any-style 256, its style seen"] = spent(painter(256, each[0], path=any_style))
    weights = style.build(style.Config(any_style)).weights
    picture = torch.rand(1, 3, LOOK_PX, LOOK_PX)
    with torch.inference_mode():
        found["look"] = spent(lambda: look(weights, picture))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
