"""Reads Excel workbooks as layout blocks."""
