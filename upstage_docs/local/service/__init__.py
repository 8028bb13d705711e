"""Answers the API's protocol on this machine: requests, jobs, worker processes."""
