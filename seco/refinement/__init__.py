"""Dense CRF and final labels: from class scores to masks."""
