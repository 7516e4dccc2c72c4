"""What a stage predicts its cost with: units, timers, and what a configuration asks for."""
