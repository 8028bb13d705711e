"""What a client does, as generators ('flows') that yield steps; reading, sending and waiting are done elsewhere."""
