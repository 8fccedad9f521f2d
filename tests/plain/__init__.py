"""The training step in its plainest form: no reuse, no batching of classes, loops where the formulas have sums."""
