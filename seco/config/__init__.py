"""params.yaml: its schema, its rules, its error messages, and the recipes that write it."""
