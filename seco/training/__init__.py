"""The training run: objective, schedule, checkpoints, and the loop that owns the order of updates."""
