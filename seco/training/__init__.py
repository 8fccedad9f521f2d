"""The training run: batches, objective, optimizer, checkpoints, and the loop that calls them in order."""
