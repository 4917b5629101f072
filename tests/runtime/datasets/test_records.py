"""The binary layout of CIFAR-10."""

import gzip
import hashlib
import http.server
import io
import os
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
from refusal import refused

from snncc.ir.graph import Call
from snncc.runtime.datasets.fetch import RemoteFile, find, no_progress, obtain_all
from snncc.runtime.datasets.records import NAMES, load_cifar10, parse_records
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from

REAL = Path(os.environ.get("SNNCC_DATA", ""), "cifar10-5k")


def records(samples, seed=0):
    """Images, labels, and a file of them, made byte by byte."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (samples, 3, 32, 32), np.uint8)
    labels = np.arange(samples) % 10
    rows = (bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True))
    return images, labels, b"".join(rows)


def test_a_label_and_three_planes():
    images, labels, content = records(3)
    found, classes = parse_records(content, "x")
    assert (found == images).all()
    assert classes.tolist() == labels.tolist()
    for wrong in (content[:-1], b""):
        assert "no records of 3073" in refused("E061", parse_records, wrong, "x").message


def test_files_of_ones_own(tmp_path):
    images, labels, content = records(20)
    (tmp_path / "a.bin.gz").write_bytes(gzip.compress(content))
    (tmp_path / "b.bin").write_bytes(records(10, 1)[2])
    call = Call("cifar", (("path", str(tmp_path / "a.bin.gz")), ("test", str(tmp_path / "b.bin"))))
    train, test = (load(call, split, settings_from({})) for split in ("train", "test"))
    assert (train.values == images / np.float32(255)).all()
    assert train.labels.tolist() == labels.tolist()
    assert test.values.shape == (10, 3, 32, 32)


@pytest.mark.skipif(not REAL.is_dir(), reason="SNNCC_DATA names no such data")
def test_the_real_records():
    call = Call("cifar", (("path", str(REAL / "data_batch_1_first4000.bin.gz")),))
    data = load(call, "train", settings_from({}))
    assert data.values.shape[1:] == (3, 32, 32)
    assert np.bincount(data.labels).min() > 250
    assert 0.4 < data.values.mean() < 0.55


class Handler(http.server.BaseHTTPRequestHandler):
    archive, asked = b"", 0

    def do_GET(self):
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.archive)))
        self.end_headers()
        self.wfile.write(self.archive)

    def log_message(self, *_):
        pass


def packed(contents):
    """A .tar.gz of files in the folder `set`."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"set/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture
def server():
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    Handler.asked = 0
    yield f"http://127.0.0.1:{running.server_port}/set.tar.gz"
    running.shutdown()
    running.server_close()


@pytest.fixture
def settings(tmp_path):
    return settings_from({"XDG_CACHE_HOME": str(tmp_path / "cache")})


def remote(contents, url):
    return [
        RemoteFile(name, hashlib.sha256(content).hexdigest(), (url,), f"set/{name}")
        for name, content in contents.items()
    ]


def test_an_archive_is_fetched_once(server, settings):
    contents = {f"data_{k}.bin": records(4, k)[2] for k in range(3)}
    Handler.archive = packed(contents)
    files = remote(contents, server)
    data = load_cifar10(files, "set", "train", settings, no_progress)
    assert (data.values.shape, data.names) == ((8, 3, 32, 32), NAMES)
    assert obtain_all(files, "set", settings, no_progress) == list(contents.values())
    # Those to train with together, the one to test with when it is asked for.
    assert Handler.asked == 2
    assert load_cifar10(files, "set", "test", settings, no_progress).values.shape[0] == 4
    assert Handler.asked == 2


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (packed({"data_0.bin": b"others"}), "not the published content"),
        (packed({"b": b"x"}), "has no `data_0.bin` in it"),
        (b"no archive", "not a gzip file"),
        (packed({"data_0.bin": bytes(99999)})[:60], "not the published content|ended|end"),
    ],
    ids=["others", "missing", "no archive", "cut"],
)
def test_nothing_of_a_wrong_archive_is_kept(server, settings, archive, reason):
    Handler.archive = archive
    files = remote({"data_0.bin": bytes(99999)}, server)
    found = refused("E061", obtain_all, files, "set", settings, no_progress)
    assert any(each in found.message for each in reason.split("|")), found.message
    assert find(files[0], "set", settings) is None
    assert not settings.cache_folder.exists()
