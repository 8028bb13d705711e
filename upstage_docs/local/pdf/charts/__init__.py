"""Reads the data of charts that are drawn in PDFs, where axes, scale and drawing agree."""
