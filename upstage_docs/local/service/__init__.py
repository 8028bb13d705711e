"""The API's protocol, answered on this machine: requests, jobs, worker processes."""
