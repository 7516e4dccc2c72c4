"""Encoders and heads, and the files that store them."""
