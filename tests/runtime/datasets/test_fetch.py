import gzip
import hashlib
import http.server
import threading

import pytest
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.runtime.datasets.fetch import RemoteFile, find, no_progress, obtain
from snncc.runtime.settings import settings_from

PLAIN = b"the published bytes" * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = gzip.compress(PLAIN if self.path == "/good.gz" else b"others")
        length = len(content) + 10 if self.path == "/broken.gz" else len(content)
        self.send_response(404 if self.path == "/none.gz" else 200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def settings(tmp_path):
    return settings_from({"XDG_CACHE_HOME": str(tmp_path / "cache"), "SNNCC_DATA": str(tmp_path)})


def remote(*urls):
    return RemoteFile("set.gz", hashlib.sha256(PLAIN).hexdigest(), urls)


def test_download_falls_back_to_the_next_mirror(server, settings):
    seen = []
    file = remote(*(f"{server}/{name}.gz" for name in ("none", "broken", "wrong", "good")))
    assert obtain(file, "set", settings, lambda *facts: seen.append(facts)) == PLAIN
    assert seen[-1][1] == seen[-1][2]
    assert find(file, "set", settings) == settings.cache_folder / "set" / "set.gz"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none", "Not Found"), ("broken", "broke off"), ("wrong", "not the published content")],
)
def test_nothing_wrong_is_kept(server, settings, name, reason):
    diagnostic = refused(
        "E061", obtain, remote(f"{server}/{name}.gz"), "my-set", settings, no_progress
    )
    assert reason in diagnostic.message
    assert "snncc datasets fetch my_set" in diagnostic.help
    assert "SNNCC_DATA" in diagnostic.help
    assert not settings.cache_folder.exists()


def test_offline(settings):
    with pytest.raises(CompileError, match="could not be downloaded"):
        obtain(remote("http://127.0.0.1:1/set.gz"), "set", settings, no_progress)


def test_the_named_folder_comes_first(settings, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "set").write_bytes(PLAIN)
    assert obtain(remote(), "set", settings, no_progress) == PLAIN


def test_a_found_file_with_a_wrong_checksum_is_refused(settings, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "set.gz").write_bytes(gzip.compress(PLAIN[:-1]))
    with pytest.raises(CompileError, match="published checksum"):
        obtain(remote(), "set", settings, no_progress)
