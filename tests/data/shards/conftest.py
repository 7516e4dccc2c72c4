from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> bytes:
    return make_video(tmp_path_factory.mktemp("video") / "a.mp4").read_bytes()
