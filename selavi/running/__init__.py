"""Run Snakemake and show its progress."""
