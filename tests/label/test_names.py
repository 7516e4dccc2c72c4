"""names.csv: read as people write it, never written over, carried over to other clusters."""

import logging
import os
from pathlib import Path

import pandas as pd
import pytest

from selavi.cli import main
from selavi.files import UserError, read_csv, write_csv
from selavi.label.names import name_clusters, read_names, settle_names
from selavi.label.names_file import names_of_model

LINES = "head,cluster,name\n3,0,dog\n3,1,\n3,2,'=SUM(A1)\n"
PATHS = [f"dog{n}.mp4" for n in range(4)] + [f"rain{n}.mp4" for n in range(4)] + ["a.mp4", "b.mp4"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def labels(clusters: list[int]) -> pd.DataFrame:
    """Labelled windows, as labels.csv has them."""
    table = pd.DataFrame({"path": PATHS, "start": 0.0, "end": 5.0, "cluster": clusters})
    return table.assign(confidence=[0.9 - 0.01 * n for n in range(len(table))])


def assignments(path: Path, clusters: list[int], head: int = 3, label: str = "") -> Path:
    ids = [f"{n:016x}" for n in range(len(PATHS))]
    table = pd.DataFrame({"sample": range(len(PATHS)), "id": ids, "key": PATHS, "path": PATHS})
    table["label"] = label
    table["detail"] = ""
    table["cluster"] = clusters
    table["confidence"] = 0.5
    write_csv(path, table.assign(head=head))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (LINES, "utf-8"),
        (LINES.replace("\n", "\r\n"), "utf-8-sig"),
        (LINES.replace(",", ";"), "utf-16"),
        ("Name\tCluster\n  dog \t0\n'=SUM(A1)\t2.0\n", "utf-8"),
        ("sep=;\ncluster;name;size\n0;dog;7\n2;'=SUM(A1);8\n\n", "utf-8"),
    ],
)
def test_reads_what_spreadsheets_write(tmp_path: Path, text: str, encoding: str) -> None:
    path = write(tmp_path / "names.csv", text, encoding)
    assert read_names(path) == read_names(path, 3) == {0: "dog", 2: "=SUM(A1)"}


def test_reads_the_names_of_the_head_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "names.csv", "head,cluster,name\n0,5,a\n1,5,b\n")
    assert (read_names(path, 0), read_names(path, 1)) == ({5: "a"}, {5: "b"})
    with pytest.raises(UserError, match="names of several heads: 0, 1"):
        read_names(path)
    with pytest.raises(UserError, match="clusters of head 0, and the selected head is 2"):
        read_names(path, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; it needs the columns head, cluster, name"),
        ("cluster,title\n0,dog\n", "has no column 'name'; its columns: cluster, title"),
        ("cluster,name,NAME\n0,dog,cat\n", "has two columns 'name'"),
        ("cluster,name\n0,a\nx,b\n", "line 3: cluster = 'x' is not a whole number"),
        ("cluster,name\n-1,a\n", "line 2: cluster = '-1' is not a whole number"),
        ("cluster,name\n0,a\n1,b\n0,c\n", "line 4: cluster 0 is in line 2 too"),
        ("cluster,name\n0," + "x" * 201, "name of cluster 0 has 201 characters; use at most 200"),
        ('cluster,name\n0,"dog\n', "is not a CSV file"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "names.csv", text)
    with pytest.raises(UserError, match=message):
        read_names(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent.csv does not exist; `selavi name-clusters`"):
        read_names(tmp_path / "absent.csv")


def test_names_every_cluster_of_a_run(tmp_path: Path) -> None:
    table = assignments(tmp_path / "train.csv", [0] * 4 + [2] * 4 + [1, -1])
    name_clusters(table, tmp_path / "names.csv", clusters=5)
    written = read_csv(tmp_path / "names.csv", ("name", "source", "clips"))
    assert written["cluster"].tolist() == [0, 1, 2, 3, 4]
    assert set(written["head"]) == {3}
    assert written["name"].tolist() == ["dog", "", "rain", "", ""]
    assert written["source"].tolist() == ["words", "", "words", "", ""]
    assert written["size"].tolist() == [4, 1, 4, 0, 0]
    assert written["clips"][1] == f"{8:016x}"
    assert read_names(tmp_path / "names.csv", 3) == {0: "dog", 2: "rain"}


def test_hand_written_names_override_suggestions(tmp_path: Path) -> None:
    table = assignments(tmp_path / "train.csv", [0] * 4 + [2] * 4 + [1, 1])
    mine = write(tmp_path / "mine.csv", "cluster,name\n0,rain\n1,rain\n4,nothing yet\n")
    name_clusters(table, tmp_path / "names.csv", clusters=5, names=mine)
    # What people write stays, twice too; a suggestion does not take its name.
    assert read_names(tmp_path / "names.csv") == {
        0: "rain", 1: "rain", 2: "rain (2)", 4: "nothing yet",
    }  # fmt: skip
    written = read_csv(tmp_path / "names.csv", ("name", "source", "clips"))
    assert written["source"].tolist() == ["file", "file", "words", "", "file"]


def test_names_the_clusters_of_a_labelling(tmp_path: Path) -> None:
    table = labels([0] * 4 + [2] * 4 + [1, 1]).astype({"cluster": object})
    table.loc[9, "cluster"] = ""
    write_csv(tmp_path / "labels.csv", table)
    arguments = ["--assignments", str(tmp_path / "labels.csv"), "--output"]
    assert main(["name-clusters", *arguments, str(tmp_path / "names.csv")]) == 0
    assert read_names(tmp_path / "names.csv") == {0: "dog", 2: "rain"}
    moved = labels([2] * 4 + [1] * 4 + [0, 0])
    write_csv(tmp_path / "labels.csv", moved)
    arguments += [str(tmp_path / "new.csv"), "--names", str(tmp_path / "names.csv")]
    assert main(["name-clusters", *arguments]) == 0
    assert read_names(tmp_path / "new.csv") == {2: "dog", 1: "rain"}


def test_names_of_clusters_that_are_not_there(tmp_path: Path) -> None:
    table = assignments(tmp_path / "train.csv", [0] * 5 + [1] * 5)
    mine = write(tmp_path / "mine.csv", "cluster,name\n7,dog\n")
    with pytest.raises(UserError, match=r"names cluster 7 \('dog'\).* 0 to 1; is it of another"):
        name_clusters(table, tmp_path / "names.csv", clusters=2, names=mine)
    other = write(tmp_path / "other.csv", "head,cluster,name\n4,0,dog\n")
    with pytest.raises(UserError, match="head 4, and the selected head is 3"):
        name_clusters(table, tmp_path / "names.csv", clusters=2, names=other)


def test_a_retrained_run_keeps_its_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old = assignments(tmp_path / "old.csv", [0] * 4 + [2] * 4 + [1, 1])
    name_clusters(old, tmp_path / "mine.csv", clusters=3)
    mine = tmp_path / "mine.csv"
    mine.write_text(mine.read_text().replace('"rain"', '"wet"').replace('1,"",', '1,"rest",'))
    new = assignments(tmp_path / "new.csv", [1] * 4 + [0] * 3 + [1, 2, 0], head=0)
    with caplog.at_level(logging.INFO):
        name_clusters(new, tmp_path / "names.csv", clusters=3, names=mine)
    assert read_names(tmp_path / "names.csv", 0) == {0: "wet", 1: "dog", 2: "rest"}
    # 4 of 4, 3 of 4 and 1 of 2 are in the matching cluster.
    assert "3 of 3 names are carried over; 80% of the 10 clips" in caplog.text
    # With the clusters that the file is of, its numbers hold, though a clip moved.
    again = assignments(tmp_path / "again.csv", [0] * 4 + [2] * 3 + [0, 1, 1])
    name_clusters(again, tmp_path / "names.csv", clusters=3, names=mine)
    assert read_names(tmp_path / "names.csv", 3) == {0: "dog", 1: "rest", 2: "wet"}


def test_the_name_of_a_divided_cluster_is_lost_though_no_number_has_more_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = assignments(tmp_path / "old.csv", [0] * 8 + [1] * 2)
    name_clusters(old, tmp_path / "mine.csv", clusters=5)
    mine = tmp_path / "mine.csv"
    mine.write_text(mine.read_text().replace('0,"dog rain"', '0,"wet dog"'))
    assert read_names(mine)[0] == "wet dog"
    new = assignments(tmp_path / "new.csv", [0, 0, 2, 2, 3, 3, 4, 4, 1, 1], label="a")
    with caplog.at_level(logging.INFO):
        name_clusters(new, tmp_path / "names.csv", clusters=5, names=mine)
    assert "wet dog" not in read_names(tmp_path / "names.csv").values()
    assert "not carried over: wet dog" in caplog.text


def test_labels_get_suggestions_until_somebody_edits_the_file(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    few = labels([0] * 10)
    assert settle_names(path, few, head=1, clusters=3) == {}
    first = [0] * 4 + [2] * 4 + [1, 1]
    assert settle_names(path, labels(first), head=1, clusters=3) == {0: "dog", 2: "rain"}
    path.write_text(path.read_text().replace('"dog"', '"my dog"'))
    edited = path.read_bytes()
    for _ in range(2):
        names = settle_names(path, labels(first), head=1, clusters=3)
        assert names == {0: "my dog", 2: "rain"}
        assert path.read_bytes() == edited


def test_edited_names_of_labels_follow_their_windows(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    settle_names(path, labels([0] * 4 + [2] * 4 + [1, 1]), head=1, clusters=3)
    path.write_text(path.read_text().replace('"dog"', '"my dog"'))
    edited = path.read_bytes()
    for head, clusters in ((0, [2] * 4 + [1] * 4 + [0, 0]), (1, [1] * 4 + [0] * 4 + [2, 2])):
        names = settle_names(path, labels(clusters), head, clusters=3)
        assert names == {clusters[0]: "my dog", clusters[4]: "rain"}
        assert read_names(path, head) == names
        # And once more with the same clusters: nothing moves.
        after = path.read_bytes()
        assert settle_names(path, labels(clusters), head, clusters=3) == names
        assert path.read_bytes() == after
    assert (tmp_path / "names.earlier.csv").read_bytes() == edited
    assert (tmp_path / "names.earlier-2.csv").exists()


def test_a_model_brings_its_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = write(tmp_path / "results/pretrain/mine/model.pt", "")
    assert names_of_model(model, 3) == {}
    stage = write(tmp_path / "results/name-clusters/mine.csv", LINES)
    assert names_of_model(model, 3) == {0: "dog", 2: "=SUM(A1)"}
    assert names_of_model(model, 0) == {}
    assert f"{stage} is of another training than {model}" in caplog.text
    os.utime(stage, (0, 0))  # the run was trained again, and no stage after that
    assert names_of_model(model, 3) == {}
    write(tmp_path / "results/pretrain/mine/names.csv", LINES.replace("dog", "hound"))
    assert names_of_model(model, 3) == {0: "hound", 2: "=SUM(A1)"}
    with pytest.raises(UserError, match="head 3, and the selected head is 0"):
        names_of_model(model, 0)
    table = labels([0] * 4 + [1] * 4 + [2, 2])
    names = settle_names(tmp_path / "out/names.csv", table, 3, 3, given={0: "hound"})
    assert names == {0: "hound", 1: "rain"}
