"""Opening any model file: sandboxed child, conversion, cache. The only door."""
