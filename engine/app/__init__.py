"""The doors: commands, set-up and diagnosis, with one policy for what goes wrong."""
