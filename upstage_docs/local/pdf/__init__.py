"""Reads the pages of a PDF as layout blocks in reading order."""
