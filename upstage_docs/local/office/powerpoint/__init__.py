"""Reads PowerPoint slides as layout blocks."""
