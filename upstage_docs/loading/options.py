"""The options of a load: what happens to a file that fails, and how progress is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upstage_docs.errors import ConfigError
from upstage_docs.options import CATEGORIES, OnError
from upstage_docs.options.definitions import (
    Options,
    documented,
    option,
    require_folder,
    require_function,
    require_names,
)
from upstage_docs.options.parse import ON_ERROR_SENTENCE

if TYPE_CHECKING:
    from upstage_docs.flows.reports import Progress


def _folder(name: str, folder: object) -> object:
    return None if folder is None else require_folder(name, folder)


def _check_crops(name: str, categories: object) -> tuple[str, ...] | None:
    if categories is None:
        return None
    found = require_names(name, categories, CATEGORIES)
    if not found:
        raise ConfigError(f"{name}= names no category; leave it out, or write {name}=['figure', 'chart', 'table'].")
    return found


@documented
@dataclass(frozen=True)
class LoadOptions(Options):
    """What happens while files are loaded.

    Raises:
        ConfigError: A value is not possible.
    """

    on_error: OnError = option("raise", ON_ERROR_SENTENCE)
    show_progress: bool = option(False, "Whether to show a bar of pages.")
    on_progress: Callable[[Progress], None] | None = option(
        None, "Called with a `Progress` (pages, files) whenever pages arrive or a file is done.", require_function
    )
    image_folder: str | os.PathLike[str] | None = option(None, 'Where `images="files"` writes crops.', _folder)
    crops: Sequence[str] | None = option(
        None,
        "Layout categories whose elements are written as pictures into *crop_folder*: `figure`, `chart`, `table`, ... "
        "It works with every split and format. `image_path` has the files, one a line; `crops_of` finds them after "
        "splitting.",
        _check_crops,
    )
    crop_folder: str | os.PathLike[str] | None = option(
        None, "The folder that *crops* are written to, each once.", _folder
    )
