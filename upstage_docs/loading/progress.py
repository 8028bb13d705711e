"""Shows a bar of pages for one load of documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from upstage_docs.flows.reports import Progress, Report


@contextmanager
def page_bar(report: Report) -> Iterator[None]:
    """Show a bar of pages while documents are read and *report* grows."""
    from tqdm.auto import tqdm

    ask, pages, files = report.on_progress, report.pages, len(report.succeeded) + len(report.failures)
    with tqdm(total=0, unit="page") as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total_pages - pages
            bar.update(progress.pages - pages - bar.n)
            bar.set_postfix(files=progress.files - files)
            if ask is not None:
                ask(progress)

        report.on_progress = show
        try:
            yield
        finally:
            report.on_progress = ask
