"""Carries the flows out: connections, threads, event loops and clocks."""
