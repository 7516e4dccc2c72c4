"""Clusterings of given features: k-means, spectral, Ward, HDBSCAN. Takes arrays."""
