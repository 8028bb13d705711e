"""The entry point of the command `upstage-docs`; says which extra is missing where the command is not installed."""

from __future__ import annotations

import sys

from upstage_docs.errors import MissingExtraError


def main() -> None:
    """Run the command; without its extra, say in one line how to install it, and exit with 2; after Ctrl-C with 130."""
    try:
        from upstage_docs.cli.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"typer", "rich"}:
            raise
        sys.stderr.write(f"{MissingExtraError.of('cli', 'The command upstage-docs')}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:  # the import takes long enough for a Ctrl-C, and nothing has been begun
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
