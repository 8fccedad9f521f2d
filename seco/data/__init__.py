"""Stage `prepare`: readers, checks, splits, and the manifest that comes of them."""
