"""Corrected masks: what annotators' tools give back, checked against the prepared data and kept."""
