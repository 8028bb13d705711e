"""Reads Word documents as layout blocks."""
