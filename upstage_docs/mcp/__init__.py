"""Tools for agents: documents parsed, outlined, read, searched and shown over the Model Context Protocol."""
