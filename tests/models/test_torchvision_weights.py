"""Torchvision's file: in torch's cache, by its digest, from a server, and without a network."""

import hashlib
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from selavi.files import UserError
from selavi.models import torchvision_weights as weights
from selavi.models.initial_weights import find_weights
from selavi.settings import TORCHVISION


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch/hub/checkpoints"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Silent(Quiet):
    """Accepts, and never answers."""

    def do_GET(self) -> None:
        time.sleep(5)


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    kind = getattr(request, "param", Quiet)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=folder)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def served(tmp_path: Path) -> str:
    """A file to serve, named by its digest as torchvision's are; its name."""
    path = tmp_path / "served/new.pth"
    torch.save({"x": torch.ones(1000)}, path, _use_new_zipfile_serialization=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path.rename(path.with_name(f"r2plus1d_18-{digest[:8]}.pth")).name


def test_it_is_downloaded_once(tmp_path: Path, cache: Path, server: str) -> None:
    name = served(tmp_path)
    path = weights.torchvision_weights(f"{server}/{name}")
    assert path == cache / name
    assert path.read_bytes() == (tmp_path / "served" / name).read_bytes()
    (tmp_path / "served" / name).unlink()
    assert weights.torchvision_weights(f"{server}/{name}") == path


def test_other_content_is_not_kept(tmp_path: Path, cache: Path, server: str) -> None:
    name = served(tmp_path)
    with (tmp_path / "served" / name).open("ab") as file:
        file.write(b"more")
    with pytest.raises(UserError, match=r"cannot be downloaded \(invalid hash value"):
        weights.torchvision_weights(f"{server}/{name}")
    assert list(cache.iterdir()) == []
    (cache / name).write_bytes(b"placed by hand")
    with pytest.raises(UserError, match="is damaged: its SHA-256 begins with"):
        weights.torchvision_weights(f"{server}/{name}")


@pytest.mark.parametrize("server", [Silent], indirect=True)
def test_a_silent_server_does_not_hold_the_training(
    cache: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "SILENCE_SECONDS", 0.3)
    begin = time.monotonic()
    with pytest.raises(UserError, match=r"cannot be downloaded \(timed out\)"):
        weights.torchvision_weights(f"{server}/r2plus1d_18-00000000.pth")
    assert time.monotonic() - begin < 3


def test_without_a_network_it_says_what_to_place_where(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nobody listens
    place = cache / "r2plus1d_18-91a641e6.pth"
    with pytest.raises(UserError, match=rf"get https://\S+ on a machine .* place it at {place}"):
        find_weights(TORCHVISION)
