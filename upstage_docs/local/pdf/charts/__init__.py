"""Charts drawn in PDFs: their data, where axes, scale and drawing agree."""
