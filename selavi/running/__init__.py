"""Snakemake, started as a program and shown to a person; the package knows nothing else of it."""
