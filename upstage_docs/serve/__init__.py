"""All that serves the local engine over HTTP: the ASGI application, its server, and limits on connections."""
