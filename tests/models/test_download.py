from collections.abc import Iterator
from pathlib import Path

import pytest

from selavi.files import UserError
from selavi.models import download as module
from selavi.models.download import Unreachable, download
from tests.models.file_server import Files, serve

CONTENT = bytes(range(256)) * 5000  # more than a block
HTTP = ("http",)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    with serve(Files({"/a": CONTENT})) as files:
        yield files


def test_a_lost_connection_continues_where_it_stopped(server: Files, tmp_path: Path) -> None:
    server.cuts = [1_000_000, 70_000]
    download(f"{server.url}/a", tmp_path / "a", HTTP)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == ["", "bytes=1000000-", "bytes=1070000-"]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_second_call_continues_after_one_that_gave_up(server: Files, tmp_path: Path) -> None:
    server.cuts = [300_000, 0]
    with pytest.raises(Unreachable, match=r"980,000 bytes are missing.*0\.3 MB are kept"):
        download(f"{server.url}/a", tmp_path / "a", HTTP)
    download(f"{server.url}/a", tmp_path / "a", HTTP)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert server.asked[-1] == ("/a", "bytes=300000-")


@pytest.mark.parametrize("change", ["content", "ranges", "no-tag", "weak-tag", "address"])
def test_parts_of_two_files_are_not_joined(server: Files, tmp_path: Path, change: str) -> None:
    """The second attempt begins again where nothing says that the content is the same."""
    if change == "no-tag":
        server.tags["/a"] = ""
    if change == "weak-tag":
        server.tags["/a"] = 'W/"1"'
    server.cuts = [500_000, 0]
    with pytest.raises(Unreachable):
        download(f"{server.url}/a", tmp_path / "a", HTTP)
    content, address = CONTENT, "/a"
    if change == "content":
        content = CONTENT[::-1]
        server.tags["/a"] = '"2"'
    if change == "ranges":
        server.ranges = False
    if change == "address":
        content, address = CONTENT[:-7], "/b"
    server.content[address] = content
    download(f"{server.url}{address}", tmp_path / "a", HTTP)
    assert (tmp_path / "a").read_bytes() == content


def test_a_file_that_became_shorter_is_got_from_its_beginning(
    server: Files, tmp_path: Path
) -> None:
    server.cuts = [500_000, 0]
    with pytest.raises(Unreachable):
        download(f"{server.url}/a", tmp_path / "a", HTTP)
    server.content["/a"] = CONTENT[:1000]  # under the same tag
    download(f"{server.url}/a", tmp_path / "a", HTTP)
    assert (tmp_path / "a").read_bytes() == CONTENT[:1000]


def test_a_whole_part_is_not_asked_for_again(server: Files, tmp_path: Path) -> None:
    """Killed between the last byte and the check of the file."""
    server.cuts = [len(CONTENT) - 1, 0]
    with pytest.raises(Unreachable):
        download(f"{server.url}/a", tmp_path / "a", HTTP)
    with (tmp_path / "a").open("ab") as file:
        file.write(CONTENT[-1:])
    asked = len(server.asked)
    download(f"{server.url}/a", tmp_path / "a", HTTP)
    assert len(server.asked) == asked
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_what_the_server_does_not_have(server: Files, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="/absent: the server answers 404 Not Found"):
        download(f"{server.url}/absent", tmp_path / "a", HTTP)
    assert not (tmp_path / "a").exists()


def test_only_allowed_schemes_are_opened_or_redirected_to(server: Files, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for url in (f"{server.url}/a", f"file://{tmp_path}/secret", "ftp://127.0.0.1/a"):
        with pytest.raises(Unreachable, match="is not an address of https"):
            download(url, tmp_path / "a")
    server.redirects = {
        "/elsewhere": f"{server.url}/a", "/file": f"file://{tmp_path}/secret", "/ftp": "ftp://h/a",
    }  # fmt: skip
    for path in ("/file", "/ftp"):
        with pytest.raises(UserError):
            download(f"{server.url}{path}", tmp_path / "a", HTTP)
    assert not (tmp_path / "a").exists()
    download(f"{server.url}/elsewhere", tmp_path / "a", HTTP)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with serve(Files({})) as files:
        url = files.url
    with pytest.raises(Unreachable, match=r"cannot be downloaded \(.*refused"):
        download(f"{url}/a", tmp_path / "a", HTTP)
