"""A document to send: its bytes, format, pages and digest."""
