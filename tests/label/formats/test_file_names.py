"""Names of files made from users' names: valid, unique, and never outside of their folder."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selavi.label.formats.file_names import link_names, places, safe_name
from tests.label.formats.conftest import HOSTILE


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dog.mp4", "dog.mp4"),
        ("犬 Hündchen", "犬 Hündchen"),
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".hidden", "hidden"),
        ("ends. ", "ends"),
        ("CON.txt", "_CON.txt"),
        ("com1", "_com1"),
        ("a\x00b\nc", "a_b_c"),
        ("lone\udcff", "lone_"),
    ],
)
def test_safe_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text(max_size=300))
def test_a_safe_name_is_one_valid_part_of_a_path(text: str) -> None:
    name = safe_name(text)
    assert PurePosixPath(name).parts == (name,)
    assert name not in ("", ".", "..")
    assert 0 < len(name.encode()) <= 181
    assert safe_name(name) == name


def test_places_are_as_the_videos_are() -> None:
    paths = ["/v/a/x.mp4", "/v/b/x.mp4", "/v/y.mov"]
    found = {path: str(place) for path, place in places(paths, ".vtt").items()}
    assert found == {"/v/a/x.mp4": "a/x.vtt", "/v/b/x.mp4": "b/x.vtt", "/v/y.mov": "y.vtt"}


def test_videos_of_one_stem_do_not_collide() -> None:
    paths = ["/v/x.mp4", "/v/x.mov", "/v/X.avi", "/v/x.mov.mp4", "/v/é.mp4", "/v/e\u0301.mp4"]
    found = places(paths, ".vtt")
    assert str(found["/v/x.mp4"]) == "x.mp4.vtt"
    assert str(found["/v/X.avi"]) == "X.avi.vtt"
    assert len({str(place).casefold() for place in found.values()}) == len(paths)
    assert str(found["/v/é.mp4"]).startswith("é-")  # composed and not: one name on a Mac


def test_a_file_does_not_take_the_name_of_a_folder() -> None:
    found = places(["/v/x.mp4", "/v/x.vtt/y.mp4"], ".vtt")
    assert {str(place) for place in found.values()} == {"x.mp4.vtt", "x.vtt/y.vtt"}


def test_a_relative_path_and_dots_stay_inside() -> None:
    for paths in (["../../x.mp4", "y.mp4"], ["/v/../../x.mp4"], [f"/v/{HOSTILE}", "/x.mp4"]):
        for place in places(paths, ".vtt").values():
            assert not place.is_absolute()
            assert ".." not in place.parts


@given(st.lists(st.text(min_size=1, max_size=30).filter(lambda t: "\0" not in t), max_size=6))
def test_any_names_get_different_places(names: list[str]) -> None:
    paths = {f"/v/{name}" for name in names}
    for found in (places(paths, ".txt"), link_names(paths)):
        keys = {str(place).casefold() for place in found.values()}
        assert len(keys) == len(paths)
        assert all(len(part.encode()) < 256 for place in found.values() for part in place.parts)


def test_links_keep_the_suffix() -> None:
    found = link_names(["/v/a/x.mp4", "/v/b/x.mp4", "/v/c/y.webm", "/v/d/none", "/v/e/.mp4"])
    assert [Path(str(name)).suffix for name in found.values()] == [".mp4", ".mp4", ".webm", "", ""]
    assert str(found["/v/c/y.webm"]) == "y.webm"
    assert str(found["/v/a/x.mp4"]).startswith("x-")
