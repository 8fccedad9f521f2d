"""Drawn surfaces with and without defects: one class, many images of nothing, and a mark that gives defects away.

`sampling` chooses what an image shows, `composition` arranges it on one of the `surfaces`; `flaws` says what defects
look like, `chalk` what inspectors draw beside them.
"""
