"""The command `upstage-docs`: arguments, files to write, the terminal."""
