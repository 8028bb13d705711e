"""What happens, in which order; every step is a value, nothing here reads, sends or waits."""
