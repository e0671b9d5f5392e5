"""Graft's window: widgets and wiring. All work is done by `core`, in the one background thread of `job.py`."""
