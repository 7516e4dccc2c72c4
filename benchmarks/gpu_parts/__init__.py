"""The parts of benchmarks/gpu.py: one module each, with a function that takes `Work`."""
