"""Live performance: player, recording, reload, presenter."""
