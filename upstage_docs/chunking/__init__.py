"""The table-aware splitter: elements become chunks, and every table stays whole."""
