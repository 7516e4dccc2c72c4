"""Before a long run: what is missing, and what it will cost."""
