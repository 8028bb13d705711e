"""The local engine's reader of PDFs: text, tables, charts and pictures become blocks in reading order."""
