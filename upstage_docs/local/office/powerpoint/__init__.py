"""PowerPoint slides become blocks."""
