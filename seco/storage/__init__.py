"""One reader and one writer for each artefact; every write is atomic, every fault a sentence."""
