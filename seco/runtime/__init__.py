"""Processes and signals: nothing here changes a result."""
