"""Reads large collections with Ray Data: files become Parquet rows of elements or chunks.

`parse_corpus` does all of it; `ParseFiles` is its heart for a pipeline of one's own. Rates, retries, the store and
errors stay this package's: one failed row would stop a Ray job, and Ray's own checkpoints paid twice when measured
(docs/corpora.md).
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upstage_docs.chunking.context import contextualize
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.client.client import Client
from upstage_docs.client.threads import Attended, Threads
from upstage_docs.errors import AuthenticationError, ConfigError
from upstage_docs.errors.tree import needing
from upstage_docs.files.source import place_of
from upstage_docs.flows.schedule import Schedule
from upstage_docs.options import ParseOptions
from upstage_docs.options.definitions import (
    check_options,
    documented,
    hash_of,
    hides_secrets,
    option,
    require_number,
    require_whole_number,
)
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS, records

if TYPE_CHECKING:
    import pyarrow as pa

    from upstage_docs.models import ParsedDocument

__all__ = ["Corpus", "CorpusOptions", "ParseFiles", "parse_corpus", "share"]

_CHUNK_KEYS: dict[str, type] = {"embedding_text": str}
_OUTCOMES = ("source", "rows", "billed_pages", "error", "fatal")
_FOOTER = b"upstage_docs"  # key of what a Parquet file says of the files in it


@documented
@hides_secrets
@dataclass(frozen=True)
class CorpusOptions:
    """What is asked of each file, and what becomes a row.

    Raises:
        ConfigError: Rows must have the same columns everywhere: no nested metadata, no crops.
    """

    parse: ParseOptions = option(ParseOptions(), "What to ask of Document Parse.")
    records: RecordOptions = option(RecordOptions(), "A row per element, per page or per document.")
    chunks: ChunkOptions | None = option(None, "A row per chunk instead, with `embedding_text`.")
    storage_options: Mapping[str, Any] = option(
        {}, 'For fsspec, where paths have a scheme: `{"anon": True}`, `{"endpoint_url": ...}`, ...', shown=False
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.records.metadata_format != "flat" or self.records.images != "none":
            raise ConfigError('Rows of a corpus take RecordOptions(metadata_format="flat", images="none") only.')

    __hash__ = hash_of

    @property
    def columns(self) -> dict[str, type]:
        """Name and type of every column, in order."""
        return {"text": str, **METADATA_KEYS, **(_CHUNK_KEYS if self.chunks else {}), "error": str}

    @property
    def digest(self) -> str:
        """A hash of all options, which tells rows that were made with other ones."""
        asked = (self.parse, self.records, self.chunks and self.chunks.identity)
        return sha256(repr(asked).encode()).hexdigest()


@dataclass
class Corpus:
    """The result of a run: how many files were read, what they cost, and which failed.

    Attributes:
        skipped: Files whose rows were in the output already.
        parsed: Files whose rows were written.
        rows: Rows written, those of errors apart.
        billed_pages: Pages billed in this run; what the store held is not among them.
        failures: Source → reason. Each is a row too, and is tried again by the next run.
    """

    skipped: int = 0
    parsed: int = 0
    rows: int = 0
    billed_pages: int = 0
    failures: dict[str, str] = field(default_factory=dict)


class ParseFiles:
    """Parses a batch of files: `dataset.map_batches(ParseFiles, fn_constructor_args=(client, options), ...)`.

    The batch has a column `path` of local paths or fsspec addresses (`s3://...`). The rows are those of
    `CorpusOptions.columns`; a file that fails is one row with its reason in `error`, and `""` or 0 elsewhere.

    Args:
        client: Travels without its key; each worker reads UPSTAGE_API_KEY. Give each of n actors `share(client, n)`.
        options: What to ask, and what becomes a row.

    Raises:
        AuthenticationError, ConfigError: What is wrong for every file stops the job.
    """

    def __init__(self, client: Client, options: CorpusOptions | None = None) -> None:
        self.client = client
        self.options = options or CorpusOptions()

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> pa.Table:
        """Return the rows of the files in *batch*, in its order."""
        return self.table([row for rows in self.parse(batch["path"]) for row in rows])

    def parse(self, paths: Iterable[Any]) -> list[list[dict[str, Any]]]:
        """Parse *paths*, several at once, each to its rows."""
        schedule = Schedule(iter(paths), self.client.max_concurrency)
        threads = Threads(schedule, Attended())
        found: list[list[dict[str, Any]]] = []
        with tempfile.TemporaryDirectory(prefix="upstage-docs-") as folder:
            try:
                while (future := threads.next(lambda path: self._rows_of_file(str(path), Path(folder)))) is not None:
                    found.append(future.result())
            finally:
                threads.end()
        return found

    def table(self, rows: list[dict[str, Any]]) -> pa.Table:
        """Return *rows* with the same columns and types every time, even if there are none."""
        import pyarrow as pa

        arrow = {str: pa.string(), int: pa.int64(), float: pa.float64()}
        schema = pa.schema([(name, arrow[kind]) for name, kind in self.options.columns.items()])
        return pa.Table.from_pylist(rows, schema)

    def _rows_of_file(self, path: str, folder: Path) -> list[dict[str, Any]]:
        try:
            return self._units(self.client.parse(_fetched(path, folder, self.options), self.options.parse, source=path))
        except (AuthenticationError, ConfigError):
            raise
        except Exception as error:  # noqa: BLE001 - one bad file must not end the work on fifty thousand
            empty = {name: kind() for name, kind in self.options.columns.items()}
            return [{**empty, "source": path, "error": f"{type(error).__name__}: {error}"}]

    def _units(self, document: ParsedDocument) -> list[dict[str, Any]]:
        if self.options.chunks is None:
            return [{"text": one.text, **one.metadata, "error": ""} for one in records(document, self.options.records)]
        return [
            {"text": one.text, **one.metadata, "embedding_text": contextualize(one), "error": ""}
            for one in chunk_with(self.options.chunks, document)
        ]


class _WriteFiles(ParseFiles):
    """Writes the rows of each batch as one Parquet file, which is there whole or not at all; says what it did."""

    def __init__(self, client: Client, options: CorpusOptions, output: str) -> None:
        super().__init__(client, options)
        self.output = output

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> pa.Table:
        """Return an `_OUTCOMES` row for each file; `fatal` names an error that every file would meet."""
        paths = [str(path) for path in batch["path"]]
        before = self.client.usage.pages
        try:
            found = self.parse(paths)
        except (AuthenticationError, ConfigError) as error:  # raised here, Ray would hand on another error
            return _outcomes([(paths[0], 0, 0, str(error), type(error).__name__)])
        billed = self.client.usage.pages - before
        errors = [rows[0]["error"] if rows else "" for rows in found]
        self._write_batch(paths, found, [path for path, error in zip(paths, errors, strict=True) if not error])
        counts = [0 if error else len(rows) for rows, error in zip(found, errors, strict=True)]
        bills = [billed, *[0] * (len(paths) - 1)]
        return _outcomes(zip(paths, counts, bills, errors, [""] * len(paths), strict=True))

    def _write_batch(self, paths: list[str], found: list[list[dict[str, Any]]], done: list[str]) -> None:
        from pyarrow import parquet

        footer = json.dumps({"asked": self.options.digest, "done": done}).encode()
        table = self.table([row for rows in found for row in rows]).replace_schema_metadata({_FOOTER: footer})
        filesystem, folder = _filesystem(self.output, self.options)
        # The same files have the same name: a batch that Ray tries again replaces what it wrote.
        name = sha256("\n".join(paths).encode()).hexdigest()[:32]
        with filesystem.transaction, filesystem.open(f"{folder}/{name}.parquet", "wb") as target:
            parquet.write_table(table, target)


def _outcomes(rows: Iterable[tuple[str, int, int, str, str]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist([dict(zip(_OUTCOMES, row, strict=True)) for row in rows])


def share(client: Client, number: int) -> Client:
    """Return a client like *client* with one *number*-th of its rates and of its requests at once."""
    settings = client.__getstate__()["settings"]
    at_once = max(1, settings.max_concurrency // number)
    part = Client.__new__(Client)
    part.__setstate__({"settings": replace(settings, rate_share=settings.rate_share / number, max_concurrency=at_once)})
    return part


def parse_corpus(
    paths: Iterable[str | Path],
    output: str | Path,
    *,
    client: Client | None = None,
    options: CorpusOptions | None = None,
    actors: int = 1,
    files_per_task: int = 8,
    cpus_per_actor: float = 0.1,
) -> Corpus:
    """Parse files on Ray into Parquet files in one folder; run again, it goes on where it was and pays nothing twice.

    Files whose rows are in *output* are left out. Of the others, what the node's store holds costs nothing. Each
    Parquet file holds all rows of its documents.

    Args:
        paths: Local paths that every node sees, or fsspec addresses such as `s3://bucket/a.pdf`.
        output: A folder, or an fsspec address.
        client: Its rates and its `max_concurrency` are those of all actors together. Its key does not travel: workers
            read UPSTAGE_API_KEY (on a cluster, `ray.init(runtime_env={"env_vars": ...})`).
        options: What to ask, and what becomes a row. In a folder with rows that were made otherwise, files are done
            again.
        actors: Processes that wait for answers; one is enough for each node, more than the client's requests at once
            are of no use.
        files_per_task: Files parsed together and written to one Parquet file.
        cpus_per_actor: What Ray reserves; low, since the work is waiting.

    Raises:
        MissingExtraError: Ray is not installed.
        ConfigError: No key, or numbers that are not above 0.
        AuthenticationError: The API refused the key: the job ends, what was written stays.
    """
    with needing("ray", "A corpus on Ray"):
        import ray
        import ray.data
    actors = require_whole_number("actors", actors, least=1)
    files_per_task = require_whole_number("files_per_task", files_per_task, least=1)
    cpus_per_actor = require_number("cpus_per_actor", cpus_per_actor, above=0)
    options = options or CorpusOptions()
    client = client or Client()
    named: dict[str, str] = {}
    for path in paths:
        named.setdefault(place_of(path), str(path))
    wanted = list(named.values())
    done = _done(str(output), options)
    missing = [path for path in wanted if path not in done]
    corpus = Corpus(skipped=len(wanted) - len(missing))
    if not missing:
        return corpus
    tasks = math.ceil(len(missing) / files_per_task)
    actors = min(actors, client.max_concurrency, tasks)
    outcomes = ray.data.from_items([{"path": path} for path in missing], override_num_blocks=tasks).map_batches(
        _WriteFiles,
        fn_constructor_args=(share(client, actors), options, str(output)),
        batch_size=files_per_task,
        num_cpus=cpus_per_actor,
        compute=ray.data.ActorPoolStrategy(size=actors),
    )
    for row in outcomes.iter_rows():
        if row["fatal"]:
            raise (AuthenticationError if row["fatal"] == "AuthenticationError" else ConfigError)(row["error"])
        corpus.rows += row["rows"]
        corpus.billed_pages += row["billed_pages"]
        if row["error"]:
            corpus.failures[row["source"]] = row["error"]
        else:
            corpus.parsed += 1
    return corpus


def _fetched(path: str, folder: Path, options: CorpusOptions) -> Path:
    """Return *path* on this machine's disk, where it has to be fetched."""
    if "://" not in path:
        return Path(path)
    filesystem, address = _filesystem(path, options)
    target = folder / sha256(path.encode()).hexdigest()
    filesystem.get_file(address, str(target))
    return target


def _filesystem(address: str, options: CorpusOptions) -> tuple[Any, str]:
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(address, **(options.storage_options if "://" in address else {}))
    return filesystem, path


def _done(output: str, options: CorpusOptions) -> set[str]:
    """Return the sources whose rows are in *output*; makes the folder if there is none."""
    from pyarrow import parquet

    filesystem, folder = _filesystem(output, options)
    filesystem.makedirs(folder, exist_ok=True)

    def read(path: str) -> list[str]:
        with filesystem.open(path, "rb") as file:
            footer = parquet.read_metadata(file).metadata or {}
        said = json.loads(footer.get(_FOOTER, b"{}"))
        return list(said["done"]) if said.get("asked") == options.digest else []

    with ThreadPoolExecutor(16) as pool:
        return {source for found in pool.map(read, filesystem.glob(f"{folder}/*.parquet")) for source in found}
