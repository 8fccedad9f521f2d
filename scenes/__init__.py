"""Procedural scenes with exact masks and a co-occurrence bias that is known and can be set."""
