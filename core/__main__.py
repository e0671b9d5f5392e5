"""`python -m core …`: the command line where PySide6 is not installed."""

import sys
from multiprocessing import freeze_support

if __name__ == "__main__":
    freeze_support()
    # not above: the processes of a scan import this module too, and need none of that
    from core.cli import main

    sys.exit(main())
