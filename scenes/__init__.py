"""The demo: its drawn images and the pretraining of its encoder."""
