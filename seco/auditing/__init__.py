"""Audits of a data set: what its labels and photographs lack, and labels that a model contradicts."""
