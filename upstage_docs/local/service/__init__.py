"""The service part of the local engine: requests of the API, jobs, worker processes, and a transport for `httpx`."""
