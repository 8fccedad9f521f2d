"""Scores: one confusion matrix, and everything derived from it."""
