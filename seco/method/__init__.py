"""SeCo, equation by equation: CAMs, patches, tags, memory, pseudo labels."""
