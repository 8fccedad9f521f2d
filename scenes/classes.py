"""The classes of the demo scenes, in the order of their ids: the first has id 1."""

DEMO = ("aeroplane", "boat", "bottle", "car", "chair", "horse", "person", "sofa", "train")
