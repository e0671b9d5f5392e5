"""Graft's engine: everything but the window. Never imports PySide6."""

__version__ = "0.1.0"
