"""One reader and one writer for each kind of file; writes are atomic, errors are sentences."""
