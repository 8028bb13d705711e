"""Finds the tables on the pages of a PDF, and their rows and cells."""
