"""Stage `prepare`, in the order of its steps.

formats → readers/ → dataset (ids, labels, splits) → masks (rasterise) → checks → prepare (manifest and statistics).
"""
