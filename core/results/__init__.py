"""What came of a run: its record, its score, its predictions."""
