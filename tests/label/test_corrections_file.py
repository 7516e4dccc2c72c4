"""Files of corrections: what is read, and what is refused with which words."""

import json
from pathlib import Path
from typing import Any

import pytest

from selavi.files import UserError
from selavi.label.corrections_file import dump, read_corrections

ID = "0123456789abcdef"
OTHER = "fedcba9876543210"
WHOLE: dict[str, Any] = {
    "format": "selavi corrections 1",
    "title": "mine",
    "head": 1,
    "clusters": 4,
    "names": [{"cluster": 3, "name": "  dogs\u2028 barking "}, {"cluster": 0, "name": ""}],
    "merged": [{"from": 2, "into": 3}],
    "new": [{"cluster": 6, "from": 0}],
    "moved": [{"clip": ID, "from": 0, "to": 6}, {"clip": OTHER, "from": 1, "to": None}],
    "tags": [{"clip": ID, "tags": ["loud", "dark"]}],
    "members": [{"cluster": 3, "clips": [ID]}],
}


def write(folder: Path, content: object) -> Path:
    path = folder / "corrections.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    corrections = read_corrections(write(tmp_path, WHOLE))
    assert corrections.count == 7
    assert corrections.names[0].name == "dogs barking"
    again = read_corrections(write(tmp_path, dump(corrections)))
    assert again == corrections
    marked = tmp_path / "marked.json"
    marked.write_bytes(b"\xef\xbb\xbf" + json.dumps(WHOLE).encode())
    assert read_corrections(marked) == corrections
    assert dump(corrections)["merged"] == [{"from": 2, "into": 3}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "selavi corrections 9"}, "format: Input should be 'selavi corrections 1'"),
        ({"clusters": 0}, "clusters: Input should be greater than 0"),
        ({"clusters": 4.0}, "clusters: Input should be a valid integer"),
        ({"surplus": 1}, "surplus: Extra inputs are not permitted"),
        ({"names": [{"cluster": 4, "name": "x"}]}, "names: there is no cluster 4, only 0 to 3 and"),
        ({"names": [{"cluster": 1, "name": "x" * 201}]}, "has 201 characters; use at most 200"),
        ({"names": [{"cluster": 1, "name": "x"}] * 2}, "names: cluster 1 is there twice; keep one"),
        ({"merged": [{"from": 1, "into": 2}, {"from": 2, "into": 3}]},
         "cluster 1 is merged into 2, which is itself merged"),
        ({"merged": [{"from": 1, "into": 1}]}, "cluster 1 is merged into 1"),
        ({"merged": [{"source": 1, "into": 2}]}, "merged.0.from: Field required"),
        ({"new": [{"cluster": 3, "from": 0}]}, "begin at 4, the number of clusters; 3 cannot"),
        ({"new": [{"cluster": 2**40, "from": 0}]}, f"{2**40} cannot be one"),
        ({"moved": [{"clip": ID, "from": 0, "to": 5}]}, "moved: there is no cluster 5"),
        ({"moved": [{"clip": "../../etc", "from": 0, "to": 1}]}, "moved.0.clip: String should"),
        ({"moved": [{"clip": ID, "from": 0, "to": 1}] * 2}, f"clip {ID} is there twice"),
        ({"tags": [{"clip": ID, "tags": ["a b"]}]}, "'a b' is no tag: a tag is a word"),
        ({"members": [{"cluster": 0, "clips": [ID] * 201}]}, "at most 200 items"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = write(tmp_path, WHOLE | change)
    with pytest.raises(UserError) as error:
        read_corrections(path)
    text = str(error.value)
    assert text.startswith(f"{path}: ") and words in text
    assert text.endswith("mend the file, or save it again from the page")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "corrections.json"
    with pytest.raises(UserError, match=r"corrections\.json does not exist; the page saves"):
        read_corrections(path)
    for content in (b"", b"{", b"[" * 100_000, b"\xff\xfe", b"[]"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="mend the file"):
            read_corrections(path)
    with pytest.raises(UserError, match=r"is a folder|Is a directory|cannot be read"):
        read_corrections(tmp_path)
