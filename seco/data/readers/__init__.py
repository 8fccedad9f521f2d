"""One module a data format; each lists images with their labels and opens no image."""
