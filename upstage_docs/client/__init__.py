"""The clients: they carry out the flows with connections, threads, event loops and clocks."""
