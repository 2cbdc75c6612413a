"""The pickle sandbox: a machine that runs nothing."""
