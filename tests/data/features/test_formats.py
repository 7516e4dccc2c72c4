"""Files of features, as numpy, pandas and safetensors write them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from selavi.data.features.formats import feature_paths, read_feature_file
from selavi.files import UserError

IDS = ["a/1.mp4", "b/2.mp4", "ä, 3.mp4"]
ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)


def write(folder: Path, kind: str) -> Path:
    """One file of each form."""
    suffix, _, form = kind.partition(" ")
    path = folder / f"F.{suffix}"
    if suffix == "npz":
        save = np.savez_compressed if form == "compressed" else np.savez
        ids = np.char.encode(np.array(IDS), "utf-8") if form == "bytes" else np.array(IDS)
        save(path, ids=ids, features=ROWS, rejected=np.array([["c.mp4", "too loud"]]))
    elif suffix == "npy":
        np.save(path, np.asfortranarray(ROWS) if form == "ids.csv" else ROWS)
        table = pd.DataFrame({"key": [*IDS], "more": "x"})
        table.to_csv(path.with_suffix(f".{form}"), index=False, sep=";" if form == "csv" else ",")
    elif suffix == "parquet":
        table = pd.DataFrame({"id": IDS})
        columns = {f"f{n}": ROWS[:, n] for n in range(4)}
        table = table.assign(features=list(ROWS)) if form == "lists" else table.assign(**columns)
        table.to_parquet(path)
    else:
        ids = {"ids": json.dumps(IDS)} if form == "metadata" else None
        save_file({"features": ROWS}, path, ids)
        if not ids:
            pd.DataFrame({"id": IDS}).to_csv(path.with_suffix(".csv"), index=False)
    return path


FORMS = [
    "npz", "npz compressed", "npz bytes", "npy csv", "npy ids.csv", "parquet lists",
    "parquet columns", "safetensors metadata", "safetensors csv",
]  # fmt: skip


@pytest.mark.parametrize("kind", FORMS)
def test_each_form_gives_the_same_rows_by_name(tmp_path: Path, kind: str) -> None:
    found = read_feature_file(write(tmp_path, kind))
    assert found.names.tolist() == IDS
    np.testing.assert_array_equal(found.rows, ROWS)
    assert found.rejected == ({"c.mp4": "too loud"} if kind.startswith("npz") else {})


@pytest.mark.parametrize("kind", ["npz", "npy csv"])
def test_rows_are_memory_mapped(tmp_path: Path, kind: str) -> None:
    assert isinstance(read_feature_file(write(tmp_path, kind)).rows, np.memmap)


def test_a_csv_says_which_clips_are_rejected(tmp_path: Path) -> None:
    path = write(tmp_path, "npy csv")
    table = pd.DataFrame({"id": IDS, "reason": ["", "too loud", ""]})
    table.to_csv(path.with_suffix(".csv"), index=False)
    assert read_feature_file(path).rejected == {"b/2.mp4": "too loud"}
    table[["reason", "id"]].to_csv(path.with_suffix(".csv"), index=False)
    assert read_feature_file(path).rejected == {"b/2.mp4": "too loud"}


def test_bfloat16_is_read_from_safetensors(tmp_path: Path) -> None:
    rows = torch.tensor(ROWS / 3).bfloat16()
    save_tensors({"features": rows}, tmp_path / "F.safetensors", {"ids": json.dumps(IDS)})
    found = read_feature_file(tmp_path / "F.safetensors")
    np.testing.assert_array_equal(found.rows, rows.float().numpy())


def test_a_table_that_lacks_names(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["a", None, "long"], "features": list(ROWS)})
    table.to_parquet(tmp_path / "F.parquet")
    with pytest.raises(UserError, match=r"F\.parquet names no clip in 1 of 3 rows; fill in its id"):
        read_feature_file(tmp_path / "F.parquet")


def test_a_folder_or_a_pattern_has_several_files(tmp_path: Path) -> None:
    for name in ("b.npz", "a.npz", "notes.txt", "c.npy"):
        (tmp_path / name).touch()
    assert [p.name for p in feature_paths(tmp_path)] == ["a.npz", "b.npz", "c.npy"]
    assert [p.name for p in feature_paths(tmp_path / "*.npz")] == ["a.npz", "b.npz"]
    with pytest.raises(UserError, match=r"x\*\.npz has no file of features \(\.npz, "):
        feature_paths(tmp_path / "x*.npz")


def objects(path: Path) -> None:
    np.savez(path, ids=np.array(IDS), features=np.array([{}] * 3))


def ids_of_objects(path: Path) -> None:
    np.savez(path, ids=np.array(IDS, object), features=ROWS)


def fewer_ids(path: Path) -> None:
    np.savez(path, ids=np.array(IDS[:2]), features=ROWS)


def no_ids(path: Path) -> None:
    np.savez(path, features=ROWS)


def numbers_as_ids(path: Path) -> None:
    np.savez(path, ids=np.arange(3), features=ROWS)


def flat(path: Path) -> None:
    np.savez(path, ids=np.array(IDS), features=ROWS[:, 0])


def cut(path: Path) -> None:
    np.savez(path, ids=np.array(IDS), features=ROWS)
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (objects, r"holds Python objects as features; save an array of numbers"),
        (ids_of_objects, r"cannot be read: Object arrays cannot be loaded"),
        (fewer_ids, r"names 2 clips and has 3 rows of features"),
        (no_ids, r"has no array 'ids', only features; save it by numpy\.savez"),
        (numbers_as_ids, r"holds ids of type int64; save them as text"),
        (flat, r"holds float32 of shape \(3,\); features are numbers of shape \(clips, D\)"),
        (cut, r"F\.npz cannot be read: .*; make it again"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "F.npz"
    assert callable(make)
    make(path)
    with pytest.raises(UserError, match=words):
        read_feature_file(path)


def test_names_beside_a_file_are_needed(tmp_path: Path) -> None:
    np.save(tmp_path / "F.npy", ROWS)
    with pytest.raises(UserError, match=r"does not name its clips: write .*F\.csv with a column"):
        read_feature_file(tmp_path / "F.npy")
    (tmp_path / "F.csv").write_text("name\na\nb\nc\n")
    with pytest.raises(UserError, match=r"F\.csv has no column `id` or `key`, only name"):
        read_feature_file(tmp_path / "F.npy")
    (tmp_path / "F.csv").write_text("id\na\n''\n\n")
    (tmp_path / "F.csv").write_text("id,x\na,1\n,2\nc,3\n")
    with pytest.raises(UserError, match=r"F\.csv, line 3 names no clip"):
        read_feature_file(tmp_path / "F.npy")
    with pytest.raises(UserError, match=r"G\.npy does not exist"):
        read_feature_file(tmp_path / "G.npy")
    with pytest.raises(UserError, match=r"F\.csv is not a file of features by its suffix"):
        read_feature_file(tmp_path / "F.csv")
