"""Word, Excel and PowerPoint files become blocks."""
