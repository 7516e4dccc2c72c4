"""Torchvision's file: in torch's cache, by its digest, from a server, and without a network."""

import hashlib
import io
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from selavi.disk import part_of
from selavi.files import UserError
from selavi.models.download import sole_writer
from selavi.models.initial_weights import find_weights
from selavi.models.torchvision_weights import torchvision_weights
from selavi.settings import TORCHVISION
from tests.models.file_server import Files, serve

HTTP = ("http",)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch/hub/checkpoints"


def _weights() -> bytes:
    buffer = io.BytesIO()
    torch.save({"x": torch.ones(1000)}, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


WEIGHTS = _weights()
NAME = f"r2plus1d_18-{hashlib.sha256(WEIGHTS).hexdigest()[:8]}.pth"


@pytest.fixture
def server() -> Iterator[Files]:
    with serve(Files({f"/{NAME}": WEIGHTS})) as files:
        yield files


def test_it_is_downloaded_once(cache: Path, server: Files) -> None:
    server.cuts = [700]  # the connection is lost in the middle
    path = torchvision_weights(f"{server.url}/{NAME}", HTTP)
    assert path == cache / NAME
    assert path.read_bytes() == WEIGHTS
    assert [wanted for _, wanted in server.asked] == ["", "bytes=700-"]
    assert torchvision_weights(f"{server.url}/{NAME}", HTTP) == path
    assert len(server.asked) == 2
    assert [file for file in cache.iterdir() if file.suffix != ".lock"] == [path]


def test_two_processes_download_it_once(cache: Path, server: Files) -> None:
    """Two runs that start at the same time, each on its own GPU."""
    arguments = (f"{server.url}/{NAME}", HTTP)
    context = multiprocessing.get_context("spawn")
    part = part_of(cache / NAME)
    with sole_writer(cache / NAME):
        both = [context.Process(target=torchvision_weights, args=arguments) for _ in range(2)]
        for process in both:
            process.start()
        both[0].join(8)  # they wait, and write nothing
        assert all(process.is_alive() for process in both) and not part.exists()
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert (cache / NAME).read_bytes() == WEIGHTS
    assert len(server.asked) == 1


def test_other_content_is_not_kept(cache: Path, server: Files) -> None:
    server.content[f"/{NAME}"] += b"more"
    with pytest.raises(UserError, match=rf"gives another file: .* place it at {cache / NAME}"):
        torchvision_weights(f"{server.url}/{NAME}", HTTP)
    assert not [file for file in cache.iterdir() if file.suffix != ".lock"]
    (cache / NAME).write_bytes(b"placed by hand")
    with pytest.raises(UserError, match="is damaged: its SHA-256 begins with"):
        torchvision_weights(f"{server.url}/{NAME}", HTTP)


def test_a_connection_without_encryption_is_refused(cache: Path, server: Files) -> None:
    with pytest.raises(UserError, match="is not an address of https"):
        torchvision_weights(f"{server.url}/{NAME}")
    assert server.asked == []


def test_without_a_network_it_says_what_to_place_where(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nobody listens
    place = cache / "r2plus1d_18-91a641e6.pth"
    with pytest.raises(UserError, match=rf"get https://\S+ on a machine .* place it at {place}"):
        find_weights(TORCHVISION)
