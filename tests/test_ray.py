"""A corpus on Ray: rows in Parquet, errors as rows, nothing paid twice, whatever was killed. Two cores, no network."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eventually import eventually
from stand_in import labels, make_pdf

pytest.importorskip("ray", reason='needs the extra "ray": pip install "upstage-docs[ray,server,local]"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')

from upstage_docs.api.rates import RATES, Rate
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.client.client import Client
from upstage_docs.corpora.ray import CorpusOptions, ParseFiles, parse_corpus, share
from upstage_docs.errors import ConfigError
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS
from upstage_docs.testing.faults import Faults, unauthorized
from upstage_docs.testing.reader import StandInReader

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings are Ray's


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    import ray

    os.environ["UPSTAGE_API_KEY"] = "up_loopback"  # workers inherit it
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield
    ray.shutdown()
    del os.environ["UPSTAGE_API_KEY"]


class World:
    def __init__(self, folder: Path, base_url: str, stand_in: StandInReader, faults: Faults) -> None:
        self.folder, self.base_url, self.stand_in, self.faults = folder, base_url, stand_in, faults

    def client(self, *, cache: Path | bool = False, max_concurrency: int = 4) -> Client:
        return Client(
            base_url=self.base_url,
            cache=cache,
            max_concurrency=max_concurrency,
            rates=dict.fromkeys(RATES, Rate()),
        )

    def files(self, number: int, pages: int = 2) -> list[Path]:
        paths = [self.folder / f"d{index}.pdf" for index in range(number)]
        for path in paths:
            path.write_bytes(make_pdf(path.stem, pages))
        return paths


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    from upstage_docs.testing.stand_in import running_stand_in

    with running_stand_in() as api:
        yield World(tmp_path, api.base_url, api.reader, api.faults)


def rows_in(folder: Path) -> list[dict[str, object]]:
    from pyarrow import parquet

    return [row for file in sorted(folder.glob("*.parquet")) for row in parquet.read_table(file).to_pylist()]


def test_files_become_rows_and_errors_are_rows(world: World) -> None:
    paths = world.files(10)
    broken, missing = world.folder / "broken.pdf", world.folder / "missing.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    output = world.folder / "rows"
    corpus = parse_corpus([*paths, broken, missing], output, client=world.client(), actors=2, files_per_task=3)
    assert (corpus.parsed, corpus.rows, corpus.billed_pages, corpus.skipped) == (10, 20, 20, 0)
    assert set(corpus.failures) == {str(broken), str(missing)}
    rows = rows_in(output)
    good = [row for row in rows if not row["error"]]
    assert sorted(str(row["source"]) for row in good) == sorted(str(path) for path in paths for _ in range(2))
    assert {row["text"] for row in good} == {
        f"<p id='{index % 2}' data-category='paragraph' style='font-size:14px'>{label}</p>"
        for path in paths
        for index, label in enumerate(labels(path.stem, 2))
    }
    for row in rows:
        assert list(row) == ["text", *METADATA_KEYS, "error"]
        assert [type(row[key]) for key in METADATA_KEYS] == list(METADATA_KEYS.values())
    assert {row["source"] for row in rows if row["error"]} == {str(broken), str(missing)}


def test_a_second_run_costs_nothing_and_tries_what_failed(world: World) -> None:
    paths = world.files(7)
    output = world.folder / "rows"
    late = world.folder / "late.pdf"
    first = parse_corpus([*paths, late], output, client=world.client(), files_per_task=2)
    assert (first.parsed, list(first.failures)) == (7, [str(late)])
    late.write_bytes(make_pdf("late", 1))
    second = parse_corpus([*paths, late], output, client=world.client(), files_per_task=2)
    assert (second.skipped, second.parsed, second.billed_pages, second.failures) == (7, 1, 1, {})
    assert set(world.stand_in.billed.values()) == {1}
    third = parse_corpus([*paths, late], output, client=world.client())
    assert (third.skipped, third.parsed) == (8, 0)


def test_rows_made_otherwise_are_made_again_out_of_the_store(world: World) -> None:
    paths = world.files(3, pages=3)
    cache = world.folder / "cache"
    elements = parse_corpus(paths, world.folder / "elements", client=world.client(cache=cache))
    options = CorpusOptions(records=RecordOptions(output_format="text"), chunks=ChunkOptions(chunk_size=200))
    chunks = parse_corpus(paths, world.folder / "chunks", client=world.client(cache=cache), options=options)
    assert (elements.billed_pages, chunks.billed_pages, chunks.parsed) == (9, 0, 3)
    rows = rows_in(world.folder / "chunks")
    assert list(rows[0]) == [*options.columns]
    assert all(row["page_end"] and row["spans"] and row["embedding_text"] for row in rows)


def test_addresses_of_fsspec(world: World) -> None:
    """The same way as `s3://`, by a file system that needs no server."""
    paths = [f"file://{path}" for path in world.files(3)] + [f"file://{world.folder}/missing.pdf"]
    corpus = parse_corpus(paths, f"file://{world.folder}/rows", client=world.client())
    assert (corpus.parsed, list(corpus.failures)) == (3, [paths[-1]])
    assert {row["source"] for row in rows_in(world.folder / "rows")} == set(paths)


def test_addresses_of_s3(world: World) -> None:
    """Files out of a bucket, rows into it, and again: an S3 of loopback, as moto serves one."""
    pytest.importorskip("s3fs", reason='S3 needs s3fs: pip install s3fs "moto[server]"')
    moto = pytest.importorskip("moto.server", reason='S3 needs a server: pip install s3fs "moto[server]"')
    import fsspec

    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        storage = {
            "endpoint_url": "http://{}:{}".format(*server.get_host_and_port()),
            "key": "nobody",
            "secret": "nothing",
            "client_kwargs": {"region_name": "eu-central-1"},
        }
        bucket = fsspec.filesystem("s3", **storage)
        bucket.mkdir("corpus")
        paths = [f"s3://corpus/in/d{number}.pdf" for number in range(5)]
        for number, path in enumerate(paths):
            bucket.pipe_file(path, make_pdf(f"d{number}", 2))
        paths.append("s3://corpus/in/missing.pdf")
        options = CorpusOptions(storage_options=storage)
        runs = [
            parse_corpus(paths, "s3://corpus/rows", client=world.client(), options=options, actors=2, files_per_task=3)
            for _ in range(2)
        ]
        told = [(run.parsed, run.skipped, list(run.failures)) for run in runs]
        assert told == [(5, 0, paths[-1:]), (0, 5, paths[-1:])]
        for name in bucket.glob("corpus/rows/*.parquet"):
            bucket.get_file(name, str(world.folder / Path(name).name))
        assert sorted(str(row["source"]) for row in rows_in(world.folder) if not row["error"]) == sorted(2 * paths[:-1])
        assert set(world.stand_in.billed.values()) == {1}
    finally:
        server.stop()


def test_what_is_wrong_for_every_file_stops_the_job(world: World) -> None:
    from upstage_docs.errors import AuthenticationError

    world.faults.always("sync", unauthorized())
    with pytest.raises(AuthenticationError):
        parse_corpus(world.files(20), world.folder / "rows", client=world.client(), files_per_task=2)
    assert not rows_in(world.folder / "rows")


def test_the_callable_in_a_pipeline_of_ones_own(world: World) -> None:
    import ray.data

    paths = world.files(6)
    client = world.client()
    rows = (
        ray.data.from_items([{"path": str(path)} for path in paths], override_num_blocks=3)
        .map_batches(
            ParseFiles,
            fn_constructor_args=(share(client, 2), CorpusOptions()),
            batch_size=2,
            num_cpus=0.1,
            compute=ray.data.ActorPoolStrategy(size=2),
        )
        .take_all()
    )
    assert len(rows) == 12


def test_requests_at_once_are_divided_over_the_actors(world: World) -> None:
    world.stand_in.seconds_per_page = 0.25
    parse_corpus(world.files(24, pages=1), world.folder / "rows", client=world.client(max_concurrency=4), actors=2)
    assert 2 <= world.stand_in.most_at_once <= 4


def test_a_share_of_a_client() -> None:
    client = Client(api_key="up_secret", max_concurrency=9)
    part = share(client, 4)
    assert part.max_concurrency == 2
    assert part.__getstate__()["settings"].rate_share == 0.25
    assert "up_secret" not in repr(part.__getstate__())


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="flat"):
        CorpusOptions(records=RecordOptions(metadata_format="nested"))
    with pytest.raises(ConfigError, match="actors"):
        parse_corpus([], tmp_path, actors=0)


VICTIM = """
import sys, ray
from upstage_docs.client.client import Client
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.corpora.ray import parse_corpus
if __name__ == "__main__":
    base_url, output, cache, *paths = sys.argv[1:]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    client = Client(base_url=base_url, cache=cache, max_concurrency=2, rates=dict.fromkeys(RATES, Rate()))
    print(parse_corpus(paths, output, client=client, files_per_task=2), flush=True)
"""


def test_a_killed_run_goes_on_and_nothing_is_paid_twice(world: World) -> None:
    """The driver is killed at half; what its workers still write or leave unknown is respected by the second run."""
    world.stand_in.allowed = threading.Semaphore(12)
    paths = world.files(30, pages=1)
    output, cache = world.folder / "rows", world.folder / "cache"
    program = world.folder / "victim.py"
    program.write_text(VICTIM)
    victim = subprocess.Popen(
        [sys.executable, str(program), world.base_url, str(output), str(cache), *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        eventually(lambda: world.stand_in.answered == 12 and rows_in(output), "twelve are read, some written", 300)
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    world.stand_in.allowed = None
    written = len(rows_in(output))
    assert 0 < written < 30
    settled = -1
    while settled != (settled := sum(world.stand_in.billed.values())):
        time.sleep(1.0)  # orphaned workers end by themselves
    with contextlib.suppress(ProcessLookupError):
        os.killpg(victim.pid, signal.SIGKILL)  # some of Ray's own agents do not
    second = parse_corpus(paths, output, client=world.client(cache=cache), files_per_task=2)
    assert second.skipped >= written
    unknown = set(second.failures)
    assert all("UnknownOutcomeError" in reason for reason in second.failures.values())
    assert second.skipped + second.parsed + len(unknown) == 30
    assert set(world.stand_in.billed.values()) == {1}
    rows = [row["record_id"] for row in rows_in(output) if not row["error"]]
    assert len(rows) == len(set(rows)) == 30 - len(unknown)
