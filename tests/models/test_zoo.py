"""The model zoo on a local server, with a file in the authors' format."""

import fcntl
import hashlib
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import selavi
from selavi.cli import main
from selavi.files import UserError
from selavi.models import download, zoo
from selavi.models.checkpoint import build_network, save_model
from selavi.models.zoo import find, place, released_models, resolve
from selavi.models.zoo_tool import get
from selavi.settings import RunSettings
from tests.models.file_server import Files, serve
from tests.models.released import checkpoint


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 10 heads and 28 clusters, written as torch did before 1.6, as theirs are."""
    path = tmp_path_factory.mktemp("released") / "selavi_ave.pth"
    _, content = checkpoint(heads=10, clusters=28)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(zoo.FOLDER, str(tmp_path / "zoo"))
    monkeypatch.setattr(download, "PAUSE", 0.0)
    return tmp_path / "zoo"


@pytest.fixture
def server(released: Path) -> Iterator[Files]:
    with serve(Files({"/ave": released.read_bytes(), "/page": b"<html>log in</html>"})) as files:
        yield files


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_table_is_that_of_the_release() -> None:
    sizes = {name: (m.clusters, m.heads) for name, m in released_models().items()}
    k = {"ave": 28, "kinetics_sound": 32, "kinetics": 400, "vgg_sound": 309}
    assert sizes == {name: (clusters, 10) for name, clusters in k.items()}
    for name, model in released_models().items():
        assert re.fullmatch(rf"https://\S+/selavi_{name}\.pth", model.url)


def test_a_model_that_is_downloaded_in_pieces_is_the_same_and_can_be_used(
    folder: Path, server: Files, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.cuts = [20_000_000, 0]  # then a server that is down
    command = ["zoo", "get", "ave", "--from", f"{server.url}/ave"]
    assert main(command) == 1
    assert "20.0 MB are kept for the next attempt" in capsys.readouterr().err
    assert not find("ave").path.exists()
    assert main(command) == 0
    assert server.asked[-1] == ("/ave", "bytes=20000000-")
    assert find("ave").path == folder / "selavi_ave.pth"
    assert sha256(folder / "selavi_ave.pth") == sha256(released)
    record = (folder / "selavi_ave.pth.sha256").read_text()
    assert record == f"{sha256(released)}  selavi_ave.pth\n"  # as sha256sum --check reads it
    assert not list(folder.glob(".*.part*"))
    asked = len(server.asked)
    assert main(command) == 0 and len(server.asked) == asked  # it is here
    _, settings, _ = selavi.load_model("zoo:ave")
    assert (settings.network.clusters, settings.network.heads) == (28, 10)
    assert main(["zoo", "list"]) == main(["zoo", "check"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"ave +AVE +28 +10 +66.2% +57.9% +\d+ MB\n", shown)
    assert re.search(r"vgg_sound +VGG-Sound +309 +10 +55.9% +31.0% +no\n", shown)
    assert f"is whole, SHA-256 {sha256(released)}" in shown


def test_a_file_that_changes_is_not_used_and_is_got_again(
    folder: Path, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    get("ave", str(released))
    with (folder / "selavi_ave.pth").open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"\1\2\3\4")  # of a weight: the file can still be read
    with pytest.raises(UserError, match=r"selavi_ave.pth has changed: .* `selavi zoo get ave`"):
        selavi.load_model("zoo:ave")
    assert main(["zoo", "check", "ave"]) == 1
    assert "has changed" in capsys.readouterr().err
    get("ave", str(released))
    assert sha256(resolve("zoo:ave")) == sha256(released)


def test_another_file_than_the_recorded_one_is_refused(
    folder: Path, released: Path, tmp_path: Path
) -> None:
    get("ave", str(released))
    (folder / "selavi_ave.pth").unlink()
    other = tmp_path / "other.pth"
    torch.save(checkpoint(heads=10, clusters=28)[1] | {"epoch": 3}, other)
    with pytest.raises(UserError, match=f"other.pth is not the file .* {sha256(released)}"):
        get("ave", str(other))
    assert not (folder / "selavi_ave.pth").exists()


def test_what_is_not_the_model_is_never_recorded(
    folder: Path, server: Files, tmp_path: Path
) -> None:
    """A login page in place of the file, a network of another size, a missing weight."""
    other, lacking = tmp_path / "other.pth", tmp_path / "lacking.pth"
    content = checkpoint(heads=2, clusters=5)[1]
    torch.save(content, other)
    del content["model"]["module.video_network.base.stem.0.weight"]
    torch.save(content, lacking)
    for origin, words in (
        (f"{server.url}/page", "/page is not zoo:ave: .* is not a file of torch.save"),
        (str(other), "it has 2 heads of 5 clusters in place of 10 of 28"),
        (str(lacking), r"1 weights \(encoders.video.stem.0.weight\) missing"),
        (str(tmp_path), "is not a file; --from takes a file or an http"),
        (f"file://{other}", "is not an address of https or http"),
    ):
        with pytest.raises(UserError, match=words):
            get("ave", origin)
        assert not [p for p in folder.iterdir() if p.suffix != ".lock"]


def test_without_a_network_it_says_which_file_to_place_where(
    folder: Path, released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nobody listens
    place_it = (
        r"download https://dl.fbaipublicfiles.com/selavi/selavi_ave.pth elsewhere and place it at "
        + re.escape(str(folder / "selavi_ave.pth"))
    )
    with pytest.raises(UserError, match=f"--from FILE.URL.*{place_it}"):
        get("ave")
    with pytest.raises(UserError, match=f"run `selavi zoo get ave`, or {place_it}"):
        selavi.load_model("zoo:ave")
    shutil.copy(released, folder)
    assert resolve("zoo:ave") == get("ave") == folder / "selavi_ave.pth"
    assert sha256(released) in (folder / "selavi_ave.pth.sha256").read_text()


def test_a_wrong_file_that_was_placed_by_hand_is_named(folder: Path) -> None:
    folder.mkdir()
    (folder / "selavi_ave.pth").write_bytes(b"")
    for use in (resolve, get):
        with pytest.raises(UserError, match=r"selavi_ave.pth is not zoo:ave.*remove the file"):
            use("zoo:ave")


def test_two_downloads_do_not_write_the_same_file(
    folder: Path, released: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    with (folder / ".selavi_ave.pth.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = threading.Thread(target=get, args=("ave", str(released)))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive() and not find("ave").path.exists()
        shutil.copy(released, folder)  # by the process that holds the lock
    waiting.join()
    assert "another process is getting" in caplog.text
    assert "--from" in caplog.text  # what was given is not used
    assert (folder / ".selavi_ave.pth.lock").stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("record", [b"", b"\xff\xfe", b"12ab  selavi_ave.pth\n"])
def test_a_damaged_record_is_no_permission(folder: Path, released: Path, record: bytes) -> None:
    get("ave", str(released))
    (folder / "selavi_ave.pth.sha256").write_bytes(record)
    with pytest.raises(UserError, match=r"ave.pth.sha256 does not begin with a SHA-256"):
        resolve("zoo:ave")


def test_a_model_of_ours_is_not_of_the_release(folder: Path, tmp_path: Path) -> None:
    network = {"clusters": 28, "hidden": 8}
    settings = RunSettings.model_validate({"dataset": "mine", "network": network})
    path = tmp_path / "model.pt"
    save_model(path, build_network(settings), settings, {"version": "0.1.0", "head": 0})
    with pytest.raises(UserError, match="is not zoo:ave: it was not released"):
        get("ave", str(path))
    assert not find("ave").path.exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/ä.pth", "http://[x/a", "http://a b:x/y"])
def test_addresses_that_are_none(folder: Path, address: str) -> None:
    with pytest.raises(UserError, match=r"is not an address|cannot be downloaded"):
        get("ave", address)


def test_a_whole_file_without_a_record_is_said_to_have_none(
    folder: Path, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.mkdir()
    shutil.copy(released, folder)
    (folder / ".selavi_ave.pth.sha256.part").mkdir()  # no record can be written
    assert main(["zoo", "check"]) == 0
    assert f"SHA-256 {sha256(released)}, which is not recorded" in capsys.readouterr().out


def test_names(folder: Path, tmp_path: Path) -> None:
    assert resolve("some/model.pt") == place("some/model.pt") == Path("some/model.pt")
    assert place("zoo:vgg_sound") == folder / "selavi_vgg_sound.pth"
    with pytest.raises(UserError, match="'vgg' is not in the model zoo, which has: ave, kin"):
        resolve("zoo:vgg")
    assert main(["zoo", "get", "ave", "kinetics", "--from", str(tmp_path)]) == 1
