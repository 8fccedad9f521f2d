"""The demo's images: drawn scenes with exact masks and a co-occurrence bias that is known and can be set.

`bias` chooses what a scene shows, `composition` arranges it, `writer` writes the data set.
`backgrounds`, `objects` and `props` say what things look like, in the polygons of `shapes`, the `colours` and the
`textures`; `rendering` turns them into pixels, `camera` into a photograph.
"""
