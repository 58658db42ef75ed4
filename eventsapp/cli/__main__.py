"""``python -m eventsapp.cli``."""

import sys

from eventsapp.cli import main

if __name__ == "__main__":
    sys.exit(main())
