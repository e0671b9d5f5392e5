"""`python -m core …`: the command line where PySide6 is not installed."""

import sys

from core.cli import main

if __name__ == "__main__":
    sys.exit(main())
