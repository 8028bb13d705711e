"""Reads Word, Excel and PowerPoint files as layout blocks."""
