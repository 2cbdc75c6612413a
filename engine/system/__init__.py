"""The operating system: whole-or-nothing files, hashes, child processes, shared memory, signals."""
