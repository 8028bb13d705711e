"""The public path `upstage_docs.server` of what serves the local engine over HTTP."""

from upstage_docs.serve.server import running, serve
from upstage_docs.testing.server import build_app

__all__ = ["build_app", "running", "serve"]
