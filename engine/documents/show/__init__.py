"""Show files: from TOML to a resolved show."""
