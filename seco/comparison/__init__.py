"""Two or more runs side by side: which scores differ beyond chance."""
