"""SeCo: image-level labels into pixel masks."""
