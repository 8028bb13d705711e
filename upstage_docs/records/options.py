"""The options of records, checked where they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from upstage_docs.options import Ids, OCRSplit
from upstage_docs.options.definitions import Options, documented, option
from upstage_docs.options.parse import IDS_SENTENCE

_SKIP_EMPTY = "Whether records without text, which embedding APIs refuse, are left out."


@documented
@dataclass(frozen=True)
class RecordOptions(Options):
    """How a parsed document becomes records.

    Raises:
        ConfigError: A value is not one of those.
    """

    split: Literal["element", "page", "none"] = option(
        "element", "A record per `element`, per `page`, or one for the whole document (`none`)."
    )
    output_format: Literal["html", "markdown", "text", "json"] = option(
        "html", "The text of a record: `html`, `markdown`, `text`, or `json` (the API's own JSON)."
    )
    metadata_format: Literal["flat", "nested"] = option(
        "flat", "`flat` (scalars that every vector store takes) or `nested` (as `langchain-upstage`)."
    )
    skip_empty: bool = option(False, _SKIP_EMPTY)
    images: Literal["none", "files", "base64"] = option(
        "none",
        "`files`: crops are written into a folder and `image_path` records where; `base64`: the crop is in "
        "`image_base64`.",
    )
    ids: Ids = option("source", IDS_SENTENCE)


@documented
@dataclass(frozen=True)
class OCRRecordOptions(Options):
    """How recognised text becomes records.

    Raises:
        ConfigError: A value is not one of those.
    """

    split: OCRSplit = option(
        "page", "A record per `page`, per `line` in writing order, per `word`, or one for the whole file (`none`)."
    )
    skip_empty: bool = option(False, _SKIP_EMPTY)
    ids: Ids = option("source", IDS_SENTENCE)
