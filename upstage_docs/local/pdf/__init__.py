"""Pages of a PDF become blocks in reading order."""
