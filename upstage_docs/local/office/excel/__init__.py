"""Excel workbooks become blocks."""
