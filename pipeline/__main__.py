"""`python -m pipeline STAGE` does the same as `seco STAGE`."""

from pipeline.app import main

if __name__ == "__main__":  # worker processes import this module too
    main()
