"""The package of the command `upstage-docs`: its subcommands, their arguments, and what they write."""
