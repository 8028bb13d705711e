"""Word documents become blocks."""
