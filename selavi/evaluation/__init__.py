"""How good the clusters are, and what simpler methods would give."""
