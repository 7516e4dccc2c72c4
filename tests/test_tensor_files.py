"""Files of torch.save: damage of any kind is told, and never taken for content."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from selavi.evaluation.baseline_features import read_features
from selavi.evaluation.safe_pickle import load_arrays
from selavi.files import UserError
from selavi.models.checkpoint import load_model
from selavi.tensor_files import Damaged, damage, read_tensors, save_tensors, write_tensors

CONTENT: dict[str, Any] = {"w": torch.arange(40.0), "deep": {"i": torch.arange(9), "t": "text"}}


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """As `ulimit -f`, in bytes; Python ignores the signal, as it does for the commands."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """As `ulimit -v`: so many bytes more than now."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def test_any_flipped_bit_is_told_or_changes_nothing(tmp_path: Path) -> None:
    """Every byte of the file: content, names, places, the list at the end; some are filling."""
    path = tmp_path / "x.pt"
    save_tensors(path, CONTENT)
    whole = path.read_bytes()
    told = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            assert same(read_tensors(path), CONTENT), place
        except UserError as error:
            assert f"{path} is damaged" in str(error)
            told += 1
    assert told > len(whole) / 2


@pytest.mark.parametrize("size", [0, 1, 300, -200, -1])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.pt"
    save_tensors(path, CONTENT)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=r"x\.pt is damaged"):
        read_tensors(path)


def test_files_of_others_pass(tmp_path: Path) -> None:
    """Older ones are no zips, and torch can be told to leave checksums out."""
    path = tmp_path / "x.pt"
    torch.save(CONTENT, path, _use_new_zipfile_serialization=False)
    assert damage(path) == ""
    assert same(read_tensors(path), CONTENT)
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(CONTENT, path)
    finally:
        torch.serialization.set_crc32_options(True)
    assert damage(path) == ""
    assert same(read_tensors(path), CONTENT)


@pytest.mark.parametrize(
    "read", [read_tensors, load_model, load_arrays, lambda path: read_features(path, 4)]
)
def test_what_a_disk_does_not_let_be_read_is_not_called_damaged(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "x.pt"
    path.symlink_to("/proc/self/mem")  # nothing lies at its address 0
    with pytest.raises(UserError, match=r"x\.pt cannot be read \(input/output error\)") as error:
        read(path)
    assert not isinstance(error.value, Damaged)


READERS = {read.__name__: read for read in (read_tensors, load_model, load_arrays)}
# In a process of its own: one that has had memory before would take it again.
LIMITED = """
import sys
from pathlib import Path
from selavi.files import UserError
from selavi.tensor_files import Damaged
from tests.test_tensor_files import READERS, memory_limit
try:
    with memory_limit(50_000_000):
        READERS[sys.argv[1]](Path(sys.argv[2]))
except UserError as error:
    print(type(error) is Damaged, error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_what_memory_is_too_small_for_is_not_called_damaged(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "x.pt"
    save_tensors(path, {"w": torch.zeros(50_000_000)})
    command = [sys.executable, "-c", LIMITED, reader, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("False ") and "x.pt needs more memory than is free" in said


@pytest.mark.parametrize("limit", [10, 1000, 100_000])
def test_a_file_size_limit_is_the_systems_error(tmp_path: Path, limit: int) -> None:
    """Whatever torch's own writer makes of it."""
    with file_limit(limit), pytest.raises(OSError, match="File too large"):
        write_tensors(tmp_path / "x.pt", {"w": torch.zeros(100_000)})


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_full_disk_is_the_systems_error(size: int) -> None:
    with pytest.raises(OSError, match="No space left"):
        write_tensors(Path("/dev/full"), {"w": torch.zeros(size)})
