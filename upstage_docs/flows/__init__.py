"""Flows say what happens, step by step, as generators; nothing here reads, sends or waits."""
