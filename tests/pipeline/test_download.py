"""`seco download` from a local server: what it says, writes and returns."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.download.archives import table_row, zip_of
from tests.download.server import Handler, Server, serving
from tests.imports import ROOT
from tests.pipeline.conftest import Outcome, Project, run_stage

PIECE = 1 << 18
PHOTOGRAPHS = {f"train2014/{number}.jpg": os.urandom(PIECE) for number in range(8)}
COMMAND = ("download", "coco2014", "--archives", "archives.yaml")
DOWNLOADS = "data/raw/coco2014/.download"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def bare(tmp_path: Path, server: Server, capfd: pytest.CaptureFixture[str]) -> Project:
    """A folder with a table of one archive on the server."""
    path = zip_of(tmp_path / "train2014.zip", PHOTOGRAPHS)
    content = server.files["/train2014.zip"] = path.read_bytes()
    path.unlink()
    row = table_row(path.name, server.url("/train2014.zip"), content, gives=["train2014"], most_bytes=8 * PIECE)
    table = {"coco2014": {"about": "COCO", "root": "data/raw/coco2014", "archives": [row]}}
    (tmp_path / "archives.yaml").write_text(yaml.safe_dump(table))

    def run(*words: str) -> Outcome:
        capfd.readouterr()
        status = run_stage(tmp_path, *words)
        return Outcome(status, *capfd.readouterr())

    return Project(tmp_path, run)


def test_a_data_set_arrives_and_a_second_run_says_so_and_does_nothing(bare: Project, server: Server) -> None:
    first = bare.run(*COMMAND)
    assert (first.status, first.out) == (0, "COCO: data/raw/coco2014\n")
    assert "download train2014, MB: 3/3  100%" in first.err
    arrived = bare.root / "data/raw/coco2014/train2014"
    assert {f"train2014/{path.name}": path.read_bytes() for path in arrived.iterdir()} == PHOTOGRAPHS
    before = bare.files()
    second = bare.run(*COMMAND)
    assert (second.status, second.out) == (0, first.out)
    assert second.err == "data/raw/coco2014 holds what train2014.zip gives already.\n"
    assert bare.files() == before
    assert len(server.requests) == 1


def test_root_and_keep(bare: Project) -> None:
    assert bare.run(*COMMAND, "--root", "elsewhere", "--keep").status == 0
    assert (bare.root / "elsewhere/.download/train2014.zip").exists()
    assert not (bare.root / "data").exists()


def test_errors_are_sentences(bare: Project, server: Server) -> None:
    assert bare.refusal("download", "voc") == "there is no data set 'voc': did you mean voc2012?"
    server.files.clear()
    told = bare.refusal(*COMMAND, besides=(DOWNLOADS,))
    assert told == f"{server.url('/train2014.zip')} does not give the file: it answers 404 Not Found"
    (bare.root / "data/raw/coco2014").rename(bare.root / "data/raw/away")
    (bare.root / "data/raw/coco2014").write_text("a file")
    assert bare.refusal(*COMMAND).startswith("the system refused a file")


def test_a_download_that_is_stopped_goes_on_where_it_was(bare: Project, server: Server) -> None:
    def send_some(handler: Handler, content: bytes) -> None:
        handler.send(200, content[: 3 * PIECE], Content_Length=len(content))
        handler.connection.recv(1)  # until the client closes the connection

    server.replies = [send_some]
    command = (sys.executable, "-m", "pipeline", *COMMAND)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, cwd=bare.root, env=environment, stderr=subprocess.PIPE, text=True)
    part = bare.root / DOWNLOADS / "train2014.zip.part"
    while running.poll() is None and (not part.exists() or part.stat().st_size < 3 * PIECE):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in told
    assert part.stat().st_size == 3 * PIECE
    server.requests.clear()
    assert bare.run(*COMMAND).status == 0
    assert server.ranges() == [f"bytes={3 * PIECE}-"]
