"""`python -m gui_app` does what `graft` does."""

import sys

from gui_app.main import main

if __name__ == "__main__":
    sys.exit(main())
