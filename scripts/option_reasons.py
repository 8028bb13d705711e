"""What the reference says of each option besides its sentence: why its default is what it is, and what it costs.

An option that is added without a line here is an error of `make_reference.py`, and so of a test.
"""

from __future__ import annotations

_SAME = "no difference"
_BOTH = "both"
_NO_FILE = "no file is written unless you ask for it"

OF_A_REQUEST: dict[str, dict[str, tuple[str, str, str]]] = {
    "ParseOptions": {
        "model": (
            "the stable alias follows Upstage's newest release",
            "as its mode",
            "Upstage; the local engine takes every name and answers as `local-...`",
        ),
        "mode": (
            "the cheapest; most documents gain nothing from the others",
            "`enhanced` costs three times `standard`; `auto` is billed page by page",
            "Upstage",
        ),
        "ocr": ("text that is in the file is exact, recognised text is not", _SAME, _BOTH),
        "chart_recognition": (
            "as the API; a chart without its numbers answers few questions",
            _SAME,
            "both; the local engine reads drawn bars, lines and pies",
        ),
        "merge_multipage_tables": (
            "as the API; the splitter joins such tables too (`merge_continued_tables`)",
            _SAME,
            "Upstage",
        ),
        "output_formats": ("all three cost the same as one", _SAME, _BOTH),
        "coordinates": ("citations and crops need them", _SAME, _BOTH),
        "base64_encoding": ("crops make an answer many times larger", _SAME, _BOTH),
        "extra_fields": ("there is nothing else to send", "as the API says", "Upstage"),
    },
    "OCROptions": {
        "model": (
            "the stable alias follows Upstage's newest release",
            _SAME,
            "Upstage; the local engine takes every name and answers as `local-...`",
        ),
        "schema": (
            "the API's own shape has the confidence of each word",
            _SAME,
            "Upstage; the local engine refuses it",
        ),
        "extra_fields": ("there is nothing else to send", "as the API says", "Upstage"),
    },
    "SendOptions": {
        "route": ("short documents come back at once, long ones survive a lost connection", _SAME, _BOTH),
        "pages_per_request": ("tables and headings are read best in one request", _SAME, _BOTH),
        "refresh": ("nothing is paid twice", "`True` pays again", _BOTH),
    },
}
"""Of each option of a request: why its default is what it is, what it costs, and which engine follows it."""

WHY: dict[str, dict[str, str]] = {
    "RecordOptions": {
        "split": "category, page and place are known for an element, and a splitter can pack elements",
        "output_format": "it keeps cells that span others; as the API",
        "metadata_format": "many vector stores refuse lists and mappings",
        "skip_empty": "a figure without words still has a place and a crop",
        "images": "crops cost space; few programs use them",
        "ids": "a file that changes replaces its old records",
    },
    "ChunkOptions": {
        "chunk_size": "about 250 tokens of English; nearly every answer that was measured fits into one such chunk",
        "chunk_overlap": "chunks end where elements end, so there is little to repeat",
        "length_function": "it needs no tokenizer",
        "measure": "embedding models read the markup too",
        "oversized_tables": "a table that is whole answers questions over all of its rows",
        "table_size": "a size that an embedding model takes is one for tables, too",
        "merge_continued_tables": "two tables with the same columns may still be two tables",
        "min_size": "each section stays by itself",
        "exclude_categories": "running lines repeat on each page and would be found in place of an answer",
        "output_format": "it keeps cells that span others",
        "table_context": "most questions are answered with it: see "
        "[the measurement](../a-table-stays-a-table.md#whether-a-question-finds-its-answer)",
        "table_form": "the table can be compared with the answer byte for byte",
        "path_in_text": "the path is in the metadata, and `contextualize` adds it where it is wanted",
        "title_in_path": "the names of many files say nothing",
        "ids": "a file that changes replaces its old chunks",
    },
    "RetryPolicy": {
        "attempts": "bridges an outage of some seconds",
        "initial": "a brief refusal costs little time",
        "maximum": "a server that is down for long is not asked too often",
        "longest_retry_after": "whoever calls would rather know than wait longer",
        "jitter": "many clients do not come back at the same moment",
    },
    "PollPolicy": {
        "initial": "a short job is seen soon after it is done",
        "maximum": "a job of hours is looked at four times a minute",
        "deadline": "the API may keep a job for that long",
    },
    "ApiLimits": dict.fromkeys(
        ("sync_bytes", "async_bytes", "sync_pages", "async_pages", "ocr_bytes", "ocr_pages", "page_pixels"),
        "today's limit of the API",
    )
    | {
        "prefer_async_above": "many networks cut a connection that is silent for 60 seconds",
        "uncounted_sync_bytes": "so small a file has fewer than 100 pages",
    },
    "Rate": dict.fromkeys(("requests_per_second", "pages_per_minute"), "no limit of this kind"),
    "ManyOptions": {
        "ordered": "results come in the order given",
        "on_error": "a failure is never overlooked",
    },
    "Settings": {
        "api_key": "keys do not belong into code",
        "base_url": "Upstage's own address",
        "engine": "Upstage reads best; the local engine is never chosen silently",
        "auth_header": "as the API",
        "headers": "the API needs no others",
        "transport": "the API is reached over the network",
        "timeout": "five times what 100 pages take",
        "retry": "suits the API",
        "poll": "jobs of the local engine are done sooner than those of the API",
        "max_concurrency": "more helps only if the account's rate allows it",
        "rates": "Upstage's published rates; what the server says counts more",
        "rate_share": "most accounts are used by one process",
        "limits": "today's limits of the API",
        "prices": "Upstage's list prices",
        "cache": "nothing is paid twice; the local engine costs nothing, and files stay where they are",
        "on_unknown": "to pay twice is your decision",
    },
    "LoadOptions": {
        "on_error": "a failure is never overlooked",
        "show_progress": "a library prints nothing unless you ask for it",
        "on_progress": "nothing is called unless you ask for it",
        "image_folder": _NO_FILE,
        "crops": _NO_FILE,
        "crop_folder": _NO_FILE,
    },
    "CorpusOptions": {
        "parse": "as a client asks",
        "records": "a chunk can be made of elements later, an element of a chunk cannot",
        "chunks": "how large a chunk should be depends on your embedding model",
        "storage_options": "paths of a disk need none",
    },
    "parse_corpus": {
        "client": "suits the API; the key comes from the environment",
        "options": "as `CorpusOptions` says",
        "actors": "one has all of the client's requests under way",
        "files_per_task": "few large files are read faster than many small ones, and a run that is killed loses little",
        "cpus_per_actor": "an actor waits most of the time",
    },
    "WorkerLimits": {
        "memory": "a page that is recognised needs that much",
        "seconds": "a file that would never end is ended",
        "workers": "one for each processor, at most four",
        "idle": "the next document of a session starts at once",
    },
}
"""Why the default of every other option is what it is, by the class that defines it."""

DEFAULTS_OF_A_MACHINE: dict[str, dict[str, str]] = {"WorkerLimits": {"workers": "processors, at most 4"}}
"""Defaults that differ from machine to machine, by their class: what the reference shows in their place."""

FREE: dict[str, str] = {
    "RecordOptions": "None of these changes what a document costs. They work in the same way with both engines.",
    "ChunkOptions": "None of these changes what a document costs. Chunks are made on this machine, whoever answered.",
    "RetryPolicy": "A try that is refused costs nothing. Both engines follow these.",
    "PollPolicy": "To look at a job costs nothing. Both engines have jobs.",
    "ApiLimits": "To cut a document at a limit does not change its price. The local engine has limits of its own.",
    "Rate": "Rates change the time, never the price. They hold for Upstage only.",
    "ManyOptions": "None of these changes what a document costs, and they hold for both engines.",
    "Settings": 'With `engine="local"` nothing costs anything. `cache=False` pays for a document each time that it is '
    'asked for; `on_unknown="resend"` may pay twice. `api_key`, `auth_header`, `rates`, `rate_share` and `prices` are '
    "for Upstage only.",
    "LoadOptions": "None of these changes what a document costs, and they hold for both engines.",
    "CorpusOptions": "What `parse` costs, and which engine follows it: see [`ParseOptions`](options.md). The others "
    "change no price and hold for both engines.",
    "parse_corpus": "What a document costs is set by `client` and `options` alone. All of these hold for both engines.",
    "WorkerLimits": "These are limits of the local engine, which costs nothing.",
}
"""One sentence on cost and engines where no option by itself has one."""
