"""Pseudo-labels by optimal transport. Takes tensors and loaders; knows nothing of files."""
