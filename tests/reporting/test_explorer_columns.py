import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from selavi.reporting.explorer.columns import TYPES, write_column


def unpack(path: Path) -> tuple[dict[str, object], bytes]:
    found = re.fullmatch(r'selavi\((\{.*\}),"([A-Za-z0-9+/=]*)"\)\n', path.read_text("ascii"))
    assert found
    return json.loads(found[1]), gzip.decompress(base64.b64decode(found[2]))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_array_comes_back(kind: str, order: str, tmp_path: Path) -> None:
    values = np.array([[0, 1], [2, 100]], np.dtype(kind).newbyteorder(order))
    size = write_column(tmp_path, "one", values)
    header, content = unpack(tmp_path / "one.js")
    assert size == (tmp_path / "one.js").stat().st_size
    assert header == {"name": "one", "type": kind, "shape": [2, 2]}
    back = np.frombuffer(content, np.dtype(kind).newbyteorder("<")).reshape(2, 2)
    np.testing.assert_array_equal(back, values)


def test_texts_come_back_and_cannot_end_the_script(tmp_path: Path) -> None:
    texts = ['</script>"', "a\nb", "ü\u2028", "\udcff"]
    write_column(tmp_path, "keys", texts)
    header, content = unpack(tmp_path / "keys.js")
    assert header["type"] == "json"
    assert json.loads(content.decode("utf-8", "surrogatepass")) == texts


def test_the_same_data_give_the_same_file(tmp_path: Path) -> None:
    values = np.arange(1000, dtype=np.int16)
    write_column(tmp_path, "one", values)
    first = (tmp_path / "one.js").read_bytes()
    write_column(tmp_path, "one", values)
    assert (tmp_path / "one.js").read_bytes() == first


def test_other_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="column one has the type int64"):
        write_column(tmp_path, "one", np.zeros(2, np.int64))
