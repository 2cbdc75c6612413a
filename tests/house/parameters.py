"""Functions that take more than five parameters, and why no object is made for them."""

from __future__ import annotations

# reason → file → functions. A new name here is a visible decision.
EXCEPTIONS: dict[str, dict[str, set[str]]] = {
    "a formula or a layer of a network takes what its paper gives it": {
        "core/audio/features.py": {"_hop"},
        "core/curves.py": {"filter_euro"},
        "core/latent/spline.py": {"spline"},
        "core/motions/walk.py": {"walk_octaves"},
        "generators/cppn/field.py": {"_drift", "_weave", "trace"},
        "generators/cuda/filtered_lrelu.py": {"filtered_lrelu"},
        "generators/cuda/stylegan2.py": {"epilogue"},
        "generators/kinds/stylegan2.py": {"build_network"},
        "generators/kinds/stylegan3.py": {"build_network"},
        "generators/networks/pix2pix.py": {"draw"},
        "generators/networks/stylegan2.py": {"synthesize", "features", "_pass", "_apply"},
        "generators/networks/stylegan3.py": {"features", "_pass"},
    },
    "drawing and mixing: what, where, how large and onto what": {
        "compositor/enlarge.py": {"draw", "_draw"},
        "compositor/isf/passes.py": {"draw", "run"},
        "outputs/window/overlay.py": {"_draw_graph"},
        "outputs/window/testcard.py": {"_text"},
        "sources/demo/piece.py": {"lay"},
    },
    "each parameter is a part of the key of a cache": {
        "core/path/keyframes.py": {"_keyframes", "_spline", "line_up"},
    },
    "called each tick or frame: an object for it would be made as often": {
        "core/control/cues.py": {"_ramp"},
        "core/frame/layers.py": {"_pass"},
        "core/frame/sample.py": {"_watch"},
        "generators/host/latency.py": {"note_arrival"},
        "generators/host/worker.py": {"_serve", "_render"},
        "generators/stylegan/model.py": {"make_inputs"},
        "play/pixels/slot.py": {"ask", "_ask_one"},
    },
    "one entry of a table with its defaults, each given by name": {
        "models/random_networks.py": {"dense", "make_stylegan2", "make_stylegan3"},
        "documents/builder.py": {"number"},
        "documents/edit/conform.py": {"read_edit"},
        "documents/take/recorder.py": {"__init__"},
        "generators/contract.py": {"number"},
        "generators/host/worker_host.py": {"open_worker"},
        "lab/training/snapshots.py": {"write_ages", "write_snapshots"},
        "play/film/plan.py": {"moments", "write_plan"},
        "play/film/playback.py": {"open_playback"},
    },
    "called at one place, and joins what was made there": {
        "documents/path/paths.py": {"_named"},
        "generators/host/worker_host.py": {"__init__"},
        "generators/stylegan/drawing.py": {"__init__"},
        "generators/stylegan/model.py": {"make_spec"},
        "lab/directions/discovery.py": {"directions_of", "direction_of"},
        "lab/directions/teaching.py": {"teach"},
        "play/film/export.py": {"prepare"},
        "play/live/recording.py": {"__init__"},
        "play/tasks/even_speed.py": {"probe_task"},
        "play/tasks/even_speed_live.py": {"_prepare"},
    },
}
