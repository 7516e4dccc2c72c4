"""The training loop, its optimiser and its resumable state."""
