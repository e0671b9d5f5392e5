"""Keeping the libraries that read images from printing and logging: what matters of a file is told as a finding."""

import logging
import re
import warnings

_MODULES = r"(PIL|pydicom|tifffile|imagecodecs)\."
_NO_WARNINGS = ("ignore", None, Warning, re.compile(_MODULES), 0)
_LOGGERS = ("pydicom", "tifffile")


def keep_quiet() -> None:
    """Drop warnings and log lines about odd files. pydicom's quote values, and so names of patients.

    `warnings.catch_warnings` would exchange the filters of the whole process, which goes wrong between threads; an
    entry that stays is safe, and it concerns these libraries alone.
    """
    if _NO_WARNINGS not in warnings.filters:
        warnings.filterwarnings("ignore", module=_MODULES)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # without any, Python prints to stderr
