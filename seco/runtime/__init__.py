"""Processes, signals, data loading and progress: nothing here changes a result."""
