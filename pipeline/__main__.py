"""`python -m pipeline STAGE` does the same as `seco STAGE`."""

from pipeline.app import main

main()
