"""Stage `prepare`, in the order of its steps.

formats → readers/ → dataset (ids, splits; entries: labels) → masks (rasterise, recolour) → checks → plausibility →
prepare (manifest and statistics).
"""
