"""Evaluate a trained network: scores of its clusters, baselines, retrieval, fine-tuning."""
