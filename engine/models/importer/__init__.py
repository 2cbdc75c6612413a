"""The importer of model files of any kind: sandboxed child, conversion, cache. The only door."""
