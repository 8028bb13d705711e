"""A stand-in for the API, with its faults as values, for tests of pipelines."""
