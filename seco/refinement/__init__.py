"""Sharper borders from colour: pixel-adaptive refinement, dense CRF, and the lattice for fast Gaussians."""
