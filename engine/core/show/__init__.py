"""Constants of a playing show (Show, Spec, Constants) and its State."""
