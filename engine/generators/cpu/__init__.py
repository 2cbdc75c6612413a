"""The same networks as compiled loops on the CPU."""
