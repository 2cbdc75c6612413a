"""Still: it rests at a seed's latent, and leaves it only by jumps."""

from engine.core.motions.points import each_point, rest
from engine.core.path.model import Motion

STILL = Motion("still", each_point(rest), is_still=True)
