"""What pretraining and fine-tuning share: processes, checkpoints, stop requests, divergence."""
