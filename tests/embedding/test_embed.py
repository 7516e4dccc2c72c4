"""Features of real shards: what embedders see and return, and what is wrong with plug-ins."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torchvision.models import get_model
from torchvision.models.video import mc3_18

from selavi.cli import main
from selavi.config_file import write_section
from selavi.data.index import COUNTS
from selavi.data.schema import read_shard_table
from selavi.embedding.clip import Clip
from selavi.embedding.embed import ShardEmbedder
from selavi.embedding.imagenet import imagenet
from selavi.files import UserError
from selavi.settings import EmbedderSettings, embedder_settings

PLUG_IN = '''
import numpy as np
import torch

def means(scale=1.0):
    """Mean colour, the number of frames and their rate."""
    def embed(clips):
        return np.stack([[*scale * c.frames.mean((0, 1, 2)), len(c.frames), c.fps] for c in clips])
    return embed

def fails_on(number):
    seen = []
    def embed(clips):
        for clip in clips:
            if not any(clip is one for one in seen):
                seen.append(clip)
            if len(seen) > number and clip is seen[number]:
                raise RuntimeError("no face in it")
        return np.ones((len(clips), 2))
    return embed

def always():
    def embed(clips):
        raise RuntimeError("no network")
    return embed

def shapes(*, first, second):
    made = []
    def embed(clips):
        made.append(1)
        return np.ones(first if len(made) == 1 else second)
    return embed

def tensors(form):
    def embed(clips):
        rows = [torch.tensor([c.fps, c.frames.mean() / 2]).requires_grad_() for c in clips]
        return rows if form == "list" else torch.stack(rows).bfloat16()
    return embed

def lists():
    return lambda clips: [[c.fps] * (1 + (n == 1)) for n, c in enumerate(clips)]

def needs_a_file():
    return open("weights.pt")

def no_function():
    return 3

def infinite():
    def embed(clips):
        rows = np.ones((len(clips), 2))
        rows[0, 0] = np.inf
        return rows
    return embed
'''


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module of some plug-ins, in the working folder."""
    name = f"plug_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(PLUG_IN)
    monkeypatch.chdir(tmp_path)
    return name


def shard_of(index: Path) -> tuple[Path, pd.DataFrame]:
    rows = read_shard_table(index.parent / "00000.csv")
    rows = rows[rows["reason"] == ""].astype(dict.fromkeys(COUNTS, "int64"))
    return index.parent / "00000.tar", rows


def settings(factory: str, **others: Any) -> EmbedderSettings:
    return EmbedderSettings.model_validate({"factory": factory, "modality": "video"} | others)


def test_a_plug_in_sees_frames_of_the_middle(train_index: Path, plug_in: str) -> None:
    tar, rows = shard_of(train_index)
    made = ShardEmbedder(
        settings(f"{plug_in}:means", options={"scale": 2.0}, frames=4, seconds=0.5, batch_size=3)
    ).embed(tar, rows)
    assert not made.rejected and made.rows.dtype == np.float32
    assert made.rows.shape == (len(rows), 5) and (made.rows[:, 3] == 4).all()
    np.testing.assert_allclose(made.rows[:, 4], 8)  # 4 frames of half a second
    assert (made.rows[:, :3].std(0) > 0).all() and (made.rows[:, :3] < 510).all()
    again = ShardEmbedder(
        settings(f"{plug_in}:means", options={"scale": 2.0}, frames=4, seconds=0.5, batch_size=16),
        threads=2,
    ).embed(tar, rows)
    np.testing.assert_array_equal(made.rows, again.rows)


@pytest.mark.parametrize(("name", "features"), [("imagenet", 1280), ("log_mel", 192)])
def test_built_in(train_index: Path, name: str, features: int) -> None:
    tar, rows = shard_of(train_index)
    modality = "video" if name == "imagenet" else "audio"
    made = ShardEmbedder(embedder_settings(name, modality, {})).embed(tar, rows)  # type: ignore[arg-type]
    assert made.rows.shape == (len(rows), features) and not made.rejected
    assert (made.rows.std(0) > 0).mean() > 0.5


def test_imagenet_sees_the_whole_frame_unless_cropped() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 64, 128, 3), np.uint8)
    other = frames.copy()
    other[:, :, :32] = 0
    other[:, :, 96:] = 0
    clips = [Clip(shown, 8.0, np.zeros(0, np.float32), 16000) for shown in (frames, other)]
    whole, centre = imagenet()(clips), imagenet(crop="centre")(clips)
    assert np.abs(whole[0] - whole[1]).max() > 0.1
    np.testing.assert_allclose(centre[0], centre[1], atol=1e-5)
    with pytest.raises(UserError, match="imagenet has no crop 'left'; use none or centre"):
        imagenet(crop="left")


def test_torchvisions_models_from_a_file(train_index: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(mc3_18(weights=None).state_dict(), tmp_path / "mc3.pth")
    tar, rows = shard_of(train_index)
    what = settings("torchvision:mc3_18", options={"weights": str(tmp_path / "mc3.pth")}, frames=4)
    made = ShardEmbedder(what).embed(tar, rows.head(2))
    assert made.rows.shape == (2, 512) and (made.rows[0] != made.rows[1]).any()
    with pytest.raises(UserError, match=r"has no weights of torchvision's r3d_18"):
        ShardEmbedder(settings("torchvision:r3d_18", options=what.options))
    with pytest.raises(UserError, match="has no video model 'swin9d'"):
        ShardEmbedder(settings("torchvision:swin9d"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "features"),
    [("r2plus1d_18", 512), ("s3d", 1024), ("swin3d_t", 768), ("mvit_v2_s", 768)],
)
def test_each_family_of_torchvisions_models(
    train_index: Path, tmp_path: Path, name: str, features: int
) -> None:
    torch.manual_seed(0)
    torch.save(get_model(name, weights=None).state_dict(), tmp_path / "made.pth")
    tar, rows = shard_of(train_index)
    named = embedder_settings(f"torchvision:{name}", "video", {})
    what = named.model_copy(update={"options": {"weights": str(tmp_path / "made.pth")}})
    made = ShardEmbedder(what).embed(tar, rows.head(2))
    assert made.rows.shape == (2, features) and not made.rejected
    assert (made.rows[0] != made.rows[1]).any()


@pytest.mark.parametrize("modality", ["video", "audio"])
def test_trained_models_of_ours(
    train_index: Path, make_model: Callable[..., Path], tmp_path: Path, modality: str
) -> None:
    tar, rows = shard_of(train_index)
    name = f"selavi:{make_model(tmp_path / 'model.pt')}"
    made = ShardEmbedder(embedder_settings(name, modality, {})).embed(tar, rows)  # type: ignore[arg-type]
    assert len(made.rows) == len(rows) and (made.rows.std(0) > 0).any()


def test_a_clip_that_a_plug_in_fails_on_is_rejected(train_index: Path, plug_in: str) -> None:
    tar, rows = shard_of(train_index)
    what = settings(f"{plug_in}:fails_on", options={"number": 2}, batch_size=4)
    made = ShardEmbedder(what).embed(tar, rows)
    assert made.rejected == {2: f"{plug_in}:fails_on: RuntimeError: no face in it"}
    assert made.rows.all(1).tolist() == [n != 2 for n in range(len(rows))]
    with pytest.raises(UserError, match=r"fails on every clip of .*00000.tar: no network"):
        ShardEmbedder(settings(f"{plug_in}:always")).embed(tar, rows)
    made = ShardEmbedder(settings(f"{plug_in}:infinite")).embed(tar, rows)
    assert made.rejected == {0: "its features are not finite"}


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((3,), (3,), r"of shape \(3,\) for 3 clips; it has to be \(3, D\)"),
        ((2, 5), (3, 5), r"of shape \(2, 5\) for 3 clips; it has to be \(3, 5\)"),
        ((3, 5), (3, 6), r"of shape \(3, 6\) for 3 clips; it has to be \(3, 5\)"),
    ],
)
def test_another_shape_stops_with_both(
    train_index: Path, plug_in: str, first: Sequence[int], second: Sequence[int], words: str
) -> None:
    tar, rows = shard_of(train_index)
    what = settings(f"{plug_in}:shapes", options={"first": first, "second": second}, batch_size=3)
    with pytest.raises(UserError, match=words):
        ShardEmbedder(what).embed(tar, rows.head(6))


def test_plug_ins_may_return_tensors_and_lists(train_index: Path, plug_in: str) -> None:
    tar, rows = shard_of(train_index)
    by_form = {
        form: ShardEmbedder(settings(f"{plug_in}:tensors", options={"form": form})).embed(
            tar, rows.head(3)
        )
        for form in ("list", "one")
    }
    assert all(made.rows.shape == (3, 2) and not made.rejected for made in by_form.values())
    np.testing.assert_allclose(by_form["list"].rows, by_form["one"].rows, rtol=1e-2)
    with pytest.raises(UserError, match=r"of shape \(3,\) for 3 clips; it has to be \(3, D\)"):
        ShardEmbedder(settings(f"{plug_in}:lists", batch_size=3)).embed(tar, rows.head(3))


def test_plug_ins_that_cannot_be_made(plug_in: str, tmp_path: Path) -> None:
    (tmp_path / f"{plug_in}_bad.py").write_text("1 / 0")
    for factory, words in (
        (f"{plug_in}_bad:make", "fails as it is imported: ZeroDivisionError"),
        (f"{plug_in}:needs_a_file", r"cannot be made: FileNotFoundError: .*weights\.pt"),
        (f"{plug_in}:no_function", "gives a int, which cannot be called"),
        ("no_such_module:make", "cannot be imported"),
        (f"{plug_in}:nothing", "has no function 'nothing'"),
        (plug_in, "not of the form package.module:function"),
        (f"{plug_in}:fails_on", "does not take its options"),
    ):
        with pytest.raises(UserError, match=words):
            ShardEmbedder(settings(factory))


def test_a_damaged_clip_is_rejected(train_index: Path, tmp_path: Path) -> None:
    tar, rows = shard_of(train_index)
    content = bytearray(tar.read_bytes())
    place = int(rows["audio_offset"].iloc[1]) + 100
    content[place] ^= 1
    (tmp_path / "00000.tar").write_bytes(content)
    made = ShardEmbedder(embedder_settings("log_mel", "audio", {})).embed(
        tmp_path / "00000.tar", rows
    )
    assert list(made.rejected) == [1] and "differ" in made.rejected[1]


def test_the_command_writes_what_gather_features_reads(train_index: Path, tmp_path: Path) -> None:
    write_section(tmp_path / "e.yaml", embedder_settings("log_mel", "audio", {}))
    for number in range(len(list(train_index.parent.glob("0*.csv")))):
        shard = str(train_index.parent / f"{number:05d}")
        command = [
            "embed", "--settings", str(tmp_path / "e.yaml"), "--tar", f"{shard}.tar",
            "--table", f"{shard}.csv", "--output", str(tmp_path / f"made/{number:05d}.npz"),
        ]  # fmt: skip
        assert main(command) == 0
    command = ["gather-features", "--source", str(tmp_path / "made"), "--index", str(train_index)]
    assert main([*command, "--output", str(tmp_path / "all.npy")]) == 0
    assert np.load(tmp_path / "all.npy").shape[1] == 192
