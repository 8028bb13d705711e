"""Corpora on more than one machine."""
