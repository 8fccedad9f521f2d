"""A trained model for programs that have neither SeCo nor torch."""
