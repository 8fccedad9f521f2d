"""The terms of the objective (eq. 9 of the paper), one idea a file."""
