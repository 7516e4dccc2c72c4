"""What benchmarks/gpu.py measures: a module for each part, with `run(work)`."""
