"""Documents to send: their bytes, format, pages and digest."""
