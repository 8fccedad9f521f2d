"""The stages of the pipeline, one Typer command each."""
