"""One page, one file. A page shows a State and reports wishes; it is imported when it is first shown."""
