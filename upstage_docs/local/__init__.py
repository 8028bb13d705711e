"""The embedded local engine: it answers the API's protocol on this machine, without a key."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upstage_docs.local.service.protocol import Engine as Engine
    from upstage_docs.local.service.transport import LocalTransport as LocalTransport
    from upstage_docs.local.service.workers import Limits as Limits, WorkerLimits as WorkerLimits

__all__ = ["BASE_URL", "Engine", "Limits", "LocalTransport", "WorkerLimits"]

BASE_URL = "http://local.invalid/v1"
"""The engine's address. By RFC 2606 no such host exists: sent through any other transport, nothing goes anywhere."""

_HOME = {
    "LocalTransport": "service.transport",
    "Engine": "service.protocol",
    **dict.fromkeys(("WorkerLimits", "Limits"), "service.workers"),
}
_EXTRA = ("liteparse", "PIL", "docx", "pptx", "openpyxl", "python_multipart")


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'upstage_docs.local' has no attribute {name!r}")
    if missing := [module for module in _EXTRA if find_spec(module) is None]:
        from upstage_docs.errors import MissingExtraError

        raise MissingExtraError.of("local", f"The local engine (without {', '.join(missing)})")
    from importlib import import_module

    return getattr(import_module(f"upstage_docs.local.{_HOME[name]}"), name)
