"""Parts of the embedded CPPN."""
