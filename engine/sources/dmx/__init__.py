"""DMX by network: what a lighting desk says of its channels."""
