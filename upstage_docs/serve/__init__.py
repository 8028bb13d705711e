"""The local engine over HTTP."""
