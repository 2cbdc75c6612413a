"""What a performance tells of itself: to scripts when it is ready, in the stats, in the help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from engine.core.clock import seconds_at

if TYPE_CHECKING:
    from engine.app.live import Player


def ready(player: Player) -> dict[str, Any]:
    """What a script that started us wants to know."""
    return {
        "pid": os.getpid(),
        "osc": {"host": player.host, "port": player.osc.port},
        "ports": {"osc": player.osc.port},
        "workers": {name: stats["pid"] for name, stats in player.pixels.stats().items()},
    }


def facts(player: Player) -> dict[str, Any]:
    """What the help panel shows."""
    state = player.line.state
    show = player.line.show
    return {
        "show": show.name,
        "cue": show.cues[state.cue].id if state.cue >= 0 else "",
        "seconds": float(seconds_at(max(state.tick, 0), show.control_hz)),
        "fps": float(player.fps),
        "frame_ms": player.figures.recent_ms(),
        "skipped": player.figures.skipped,
        "bpm": state.transport.bpm,
        "generators": player.pixels.stats(),
        "sound": player.hearing.state,
        "osc": f"{player.host}:{player.osc.port}",
    }


def report(player: Player) -> dict[str, Any]:
    """Everything the stats file holds."""
    return {
        **player.figures.report(player.duration_s, float(player.fps), player.watch.total_ms),
        "output": player.stage.name,
        "size_px": list(player.line.show.size_px),
        "ticks": player.line.state.tick + 1,
        "generators": player.pixels.stats(),
        "errands": player.errands.report(),
        "osc": {
            "received": player.osc.received,
            "dropped": player.osc.dropped,
            "refused": player.osc.refused + player.intake.refused,
            "unknown": dict(player.intake.unknown),
            "unknown_total": player.intake.unknown_total,
        },
        "sound": player.hearing.state,
        "take": player.memory.report(),
        "gl": player.stage.gl,
    }
