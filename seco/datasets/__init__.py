"""Where images, masks and labels come from."""
