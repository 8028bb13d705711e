"""The embedded local engine: the same wire protocol as the API, answered on this machine without a key."""
