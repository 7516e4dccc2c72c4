"""Files of logits of ours and of others, written and read; trained on real clips."""

import gzip
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy._core import multiarray

from selavi.cli import main
from selavi.evaluation.assign import assign
from selavi.evaluation.logits import measure_logits, read_logits, write_logits
from selavi.evaluation.safe_pickle import load_arrays
from selavi.files import UserError, read_csv


@pytest.mark.slow
def test_the_logits_decide_as_the_assignments_do(
    model: Path, train_index: Path, tmp_path: Path
) -> None:
    write_logits(model, train_index, tmp_path / "logits.pt")
    assign(model, train_index, tmp_path / "a.csv", tmp_path / "a.pkl")
    table = read_csv(tmp_path / "a.csv", ("id", "key", "path", "label"))
    content = read_logits(tmp_path / "logits.pt")
    assert content.labels.tolist() == table["label"].tolist()
    for modality, clusters in content.clusters().items():
        for head, column in enumerate(clusters.T):
            assert column.tolist() == table[f"{modality}_head{head}"].tolist()
    logits = torch.stack(content.logits["video"])
    probabilities = logits[0].softmax(1).sort(1, descending=True).values
    assert np.allclose(table["video_head0_confidence"], probabilities[:, 0], atol=2e-6)
    margins = probabilities[:, 0] - probabilities[:, 1]
    assert np.allclose(table["video_head0_margin"], margins, atol=2e-6)
    assert (table["margin"] == table["video+audio_head1_margin"]).all()
    both = sum(torch.stack(content.logits[name])[1].log_softmax(1) for name in ("video", "audio"))
    assert isinstance(both, torch.Tensor)
    assert both.argsort(1, descending=True)[:, 1].tolist() == table["second"].tolist()
    assert main(["metrics", "--logits", str(tmp_path / "logits.pt"),
                 "--output", str(tmp_path / "m.csv")]) == 0  # fmt: skip
    from_logits = read_csv(tmp_path / "m.csv", ("modality", "choice", "head"))
    assert main(["metrics", "--assignments", str(tmp_path / "a.csv"),
                 "--output", str(tmp_path / "n.csv")]) == 0  # fmt: skip
    from_table = read_csv(tmp_path / "n.csv", ("modality", "choice", "head"))
    ours = from_logits["choice"] == "head"
    assert np.allclose(from_logits[ours]["nmi"], from_table[ours]["nmi"])


def test_a_large_table_gets_a_compressed_copy(
    model: Path, train_index: Path, tmp_path: Path
) -> None:
    csv, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    assign(model, train_index, csv, tmp_path / "a.pkl", compress_above=1000)
    assert gzip.decompress(packed.read_bytes()) == csv.read_bytes()
    assign(model, train_index, csv, tmp_path / "a.pkl")
    assert not packed.exists()


def theirs(heads: int = 2) -> dict[str, Any]:
    random = np.random.default_rng(0)
    labels = np.arange(12) % 3
    video = [np.eye(4, dtype=np.float32)[labels] + random.random((12, 4)) / 9 for _ in range(heads)]
    return {"video": video, "audio": [v.copy() for v in video], "labels": labels}


@pytest.mark.parametrize("form", ["dict", "tuple", "tensors", "stacked", "one head"])
@pytest.mark.parametrize("writer", ["pickle2", "pickle5", "torch"])
def test_files_of_others_are_read(tmp_path: Path, form: str, writer: str) -> None:
    content: Any = theirs(1 if form == "one head" else 2)
    if form == "tuple":
        content = tuple(content.values())
    elif form == "tensors":
        content = {m: [torch.tensor(h) for h in v] if m != "labels" else torch.tensor(v)
                   for m, v in content.items()}  # fmt: skip
    elif form == "stacked":
        content = {m: np.stack(v) if m != "labels" else v for m, v in content.items()}
    elif form == "one head":
        content = {m: v[0] if m != "labels" else v for m, v in content.items()}
    path = tmp_path / "theirs"
    if writer == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=int(writer[-1])))
    table = measure_logits(path, tmp_path / "m.csv")
    assert (table["nmi"] == 1).all()


READ = """
import sys
from pathlib import Path
from selavi.evaluation.safe_pickle import load_arrays
from selavi.files import UserError
for file in sys.argv[1:]:
    try:
        print(load_arrays(Path(file))["video"][0], flush=True)
    except UserError as error:
        print("UserError", error, flush=True)
"""


class Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch harmed",)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_file_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "harm.pkl"
    path.write_bytes(pickle.dumps({"video": Harm()}, protocol=protocol))
    with pytest.raises(UserError, match="not allowed"):
        load_arrays(path)
    torch.save({"video": Harm()}, path)
    with pytest.raises(UserError, match="cannot be read as tensors and arrays alone"):
        load_arrays(path)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.arange(5)}, "5 labels for logits of shape"),
        ({"labels": None}, "0 of labels"),
        ({"audio": None}, "1 sets of logits"),
        ({"audio": [np.zeros((12, 7), np.float32)]}, "differ in shape"),
        ({"audio": [np.full((12, 4), np.nan, np.float32)] * 2}, "not finite"),
    ],
)
def test_what_is_lacking_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    torch.save(theirs() | change, tmp_path / "x")
    with pytest.raises(UserError, match=words):
        read_logits(tmp_path / "x")


def ours(**changes: Any) -> dict[str, Any]:
    """A file of `write_logits`, with changes; what is changed to None is left out."""
    content = {
        "format": "selavi-logits-1", "video": [torch.zeros(12, 4)], "classes": ["a"],
        "labels": torch.zeros(12, dtype=torch.int64), "keys": ["k"] * 12,
    }  # fmt: skip
    return {name: value for name, value in (content | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": None}, "'classes' is not a list of names; run selavi logits again"),
        ({"classes": [["a"], ["b", "c"]]}, "'classes' is not a list of names"),
        ({"labels": None}, "'labels' is not an integer tensor"),
        ({"labels": [0] * 12}, "'labels' is not an integer tensor"),
        ({"labels": torch.zeros(12)}, r"'labels' is not an integer tensor \(N,\)"),
        ({"labels": torch.full((12,), 7)}, "'labels' exceeds its 1 classes"),
        ({"labels": torch.full((12,), -2)}, "'labels' exceeds its 1 classes"),
        ({"video": None}, "holds no logits"),
        ({"video": []}, r"'video' is not a list of one tensor \(N, K\) per head"),
        ({"video": "abc"}, "'video' is not a list"),
        ({"video": [torch.zeros(12)]}, "'video' is not a list"),
        ({"video": [torch.zeros(12, 4).to_sparse()]}, "'video' is not a list"),
        ({"video": [torch.zeros(12, 4, dtype=torch.complex64)]}, "'video' is not a list"),
        ({"video": [torch.zeros(12, 4, device="meta")]}, "'video' is not a list"),
        ({"video": [torch.zeros(1, 1).expand(12, 10**12)]}, "'video' is not a list"),
        ({"video": [torch.zeros(12, 0)]}, "without clips or clusters"),
    ],
)
def test_a_damaged_file_of_ours_is_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    torch.save(ours(), tmp_path / "x")
    assert read_logits(tmp_path / "x").labels.tolist() == ["a"] * 12
    torch.save(ours(**changes), tmp_path / "x")
    with pytest.raises(UserError, match=words):
        read_logits(tmp_path / "x")


class Said:
    """Pickled as a call, and a state, of one's choice."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> tuple[Any, ...]:
        return self.parts


OBJECTS = Said(np.dtype, ("O8", False, True), (3, "|", None, None, None, -1, -1, 0))
FLOATS = Said(np.dtype, ("f4", False, True), (3, "<", None, None, None, -1, -1, 0))
FIELDS = (3, "|", None, ("a",), {"a": (OBJECTS, 0)}, 8, 1, 0)


LIES = [
    (OBJECTS, b"A" * 16),
    (Said(np.dtype, ("V8", False, True), FIELDS), b"A" * 16),
    (Said(np.dtype, ("S8", False, True), FIELDS), b"A" * 16),
    (Said(np.dtype, ("S8", False, True), (3, "|", (OBJECTS, (1,)), *FIELDS[3:])), b"A" * 16),
    (FLOATS, b"A" * 4),
    (FLOATS, b"A" * 16),
    (FLOATS, [1, 2]),
    ("f4", b"A" * 8),
]


@pytest.mark.slow
def test_arrays_that_lie_about_their_numbers_are_refused(tmp_path: Path) -> None:
    """Numbers would be taken for addresses in memory. In a process of its own, lest it crash."""
    for name, (dtype, data) in enumerate(LIES):
        state = (1, (2,), dtype, False, data)
        array = Said(multiarray._reconstruct, (np.ndarray, (0,), b"b"), state)
        for protocol in (2, 5):
            content = pickle.dumps({"video": array}, protocol=protocol)
            (tmp_path / f"{name}-{protocol}.pkl").write_bytes(content)
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        [sys.executable, "-c", READ, *files], capture_output=True, text=True, check=False
    )
    words = [line for line in done.stdout.splitlines() if line.startswith("UserError")]
    assert len(words) == len(files) == 16, done.stdout + done.stderr


def test_an_array_of_names_is_read(tmp_path: Path) -> None:
    content = theirs() | {"labels": np.array(["a", "b", "c"], object)[np.arange(12) % 3]}
    (tmp_path / "x").write_bytes(pickle.dumps(content))
    assert (measure_logits(tmp_path / "x", tmp_path / "m.csv")["nmi"] == 1).all()


def test_absent_and_strange_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_logits(tmp_path / "absent")
    with pytest.raises(UserError, match="is a folder"):
        read_logits(tmp_path)
    (tmp_path / "words").write_text("no pickle")
    with pytest.raises(UserError, match="cannot be read"):
        read_logits(tmp_path / "words")
    torch.save(torch.zeros(3), tmp_path / "one")
    with pytest.raises(UserError, match="must be a dict or a sequence"):
        read_logits(tmp_path / "one")


def test_a_file_with_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "logits.pt"
    logits = [torch.randn(30, 4) for _ in range(2)]
    torch.save({"video": logits, "audio": logits, "labels": torch.zeros(30)}, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"logits\.pt is damaged .*; get it again, or write it again"
    ):
        read_logits(path)
