"""params.yaml: its schema, rules and error messages, and the recipes that write it."""
