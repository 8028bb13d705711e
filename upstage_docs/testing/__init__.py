"""A stand-in for the API, with its faults as values, for tests of pipelines: no key, no network, no bill."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from upstage_docs.testing.faults import Faults as Faults
    from upstage_docs.testing.pages import (
        MakePage as MakePage,
        PageElement as PageElement,
        report_page as report_page,
        text_page as text_page,
    )
    from upstage_docs.testing.reader import StandInReader as StandInReader
    from upstage_docs.testing.server import build_app as build_app
    from upstage_docs.testing.stand_in import (
        StandInApi as StandInApi,
        running_stand_in as running_stand_in,
        stand_in_transport as stand_in_transport,
    )

_HOME = {
    "Faults": "faults",
    "MakePage": "pages",
    "PageElement": "pages",
    "StandInApi": "stand_in",
    "StandInReader": "reader",
    "build_app": "server",
    "report_page": "pages",
    "running_stand_in": "stand_in",
    "stand_in_transport": "stand_in",
    "text_page": "pages",
}

__all__ = [*_HOME]  # noqa: PLE0604 - names are strings


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'upstage_docs.testing' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"upstage_docs.testing.{_HOME[name]}"), name)
