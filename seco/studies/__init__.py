"""Studies: many runs of the pipeline that differ in a few settings, run by DVC, and what their scores say together."""
