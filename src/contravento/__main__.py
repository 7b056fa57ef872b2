"""`python -m contravento` is the command line."""

from contravento.cli.main import main

if __name__ == "__main__":
    main()
