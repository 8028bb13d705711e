"""Turns elements into records, which become Documents and nodes: text, metadata and ids."""
