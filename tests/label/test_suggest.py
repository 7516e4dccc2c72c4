"""Names of clusters from classes, and from words of paths."""

import pandas as pd
import pytest

from selavi.label.suggest import distinct, path_words, suggest


def table(*clusters: tuple[int, list[str]]) -> pd.DataFrame:
    rows = [(cluster, path) for cluster, paths in clusters for path in paths]
    return pd.DataFrame(rows, columns=["cluster", "path"])


def names(frame: pd.DataFrame) -> dict[int, str]:
    return {cluster: name.text for cluster, name in suggest(frame).items()}


def with_classes(*clusters: str) -> pd.DataFrame:
    """A cluster per text, a clip per letter; "-" has no class."""
    rows = [
        (n, f"{n}/{i}.mp4", c.strip("-"))
        for n, text in enumerate(clusters)
        for i, c in enumerate(text)
    ]
    return pd.DataFrame(rows, columns=["cluster", "path", "label"])


def test_classes_of_a_third_of_the_clips_that_have_one() -> None:
    found = names(with_classes("aaab", "bbcc", "cdefg", "a---", "----", "abcabc"))
    # 3 of 4; twice 2 of 4; none has 5/3 clips; 1 of the one with a class; none; three thirds.
    assert found == {0: "a", 1: "b / c", 3: "a (2)", 5: "a / b / c"}


def test_words_of_files_and_folders_that_the_rest_lacks() -> None:
    frame = table(
        (0, [f"/home/ann/videos/IMG_00{n}_dog barking.mp4" for n in range(6)]),
        (
            1,
            [f"/home/ann/videos/Trains/DSC{n:04d}.MOV" for n in range(4)]
            + ["/home/ann/videos/x.mp4"],
        ),
        (2, [f"/home/ann/videos/{word}.mp4" for word in ("sea", "hill", "boat", "wind")]),
        (3, [f"/home/ann/videos/VID_2024050{n}.mp4" for n in range(4)]),
        (4, [f"/home/ann/videos/dog_sleeping_{n}.mp4" for n in range(3)]),
    )
    # "ann" is everyone's; 2 shares no word; 3 has cameras' names only; "dog" is commoner in 0.
    assert names(frame) == {0: "dog barking", 1: "trains", 4: "sleeping"}
    assert {name.source for name in suggest(frame).values()} == {"words"}


def test_words_keep_the_order_that_they_have_in_names() -> None:
    frame = table(
        (0, ["playing the piano 1.mp4", "playing the piano 2.mp4", "Playing_Piano.mp4"]),
        (1, ["rain_a.mp4", "rain_b.mp4", "rain.mp4"]),
        (2, ["b.mp4", "c.mp4"]),
    )
    assert names(frame) == {0: "playing piano", 1: "rain"}


def test_a_word_and_its_plural_are_one() -> None:
    frame = table((0, ["dogs/dog1.mp4", "dogs/dog2.mp4"]), (1, ["x/a.mp4", "x/b.mp4", "y/c.mp4"]))
    assert names(frame) == {0: "dog"}


def test_windows_of_one_file_count_as_one_file() -> None:
    frame = table((0, ["wedding.mp4"] * 300 + ["a.mp4", "b.mp4"]), (1, ["c.mp4", "d.mp4"]))
    assert names(frame) == {}


def test_one_cluster_and_no_clips_get_no_name() -> None:
    assert names(table((0, ["dog1.mp4", "dog2.mp4"]))) == {}
    assert names(table((-1, ["dog1.mp4"]))) == {}
    assert names(table()) == {}


def test_rejected_windows_do_not_count() -> None:
    frame = table((0, ["dog1.mp4", "dog2.mp4"]), (1, ["cat1.mp4", "cat2.mp4"]))
    frame["cluster"] = frame["cluster"].astype(object)
    frame.loc[len(frame)] = ["", "dog3.mp4"]
    frame.loc[len(frame)] = [None, "dog4.mp4"]
    assert names(frame) == {0: "dog", 1: "cat"}


def test_a_cluster_without_classes_is_called_by_its_words() -> None:
    frame = with_classes("aa", "--", "bb")
    frame.loc[frame["cluster"] == 1, "path"] = ["rain1.mp4", "rain2.mp4"]
    assert {c: tuple(n) for c, n in suggest(frame).items()} == {
        0: ("a", "classes"), 1: ("rain", "words"), 2: ("b", "classes"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("dQw4w9WgXcQ_000030_000040.mp4", []),  # as VGG-Sound and Kinetics name files
        ("hXyzAbCdEfG.webm", []),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301.mov", []),
        ("VID-20230101-WA0003.mp4", []),
        ("PXL_20240501_120000123.TS.mp4", []),
        ("GOPR0042.MP4", []),
        ("v_ApplyEyeMakeup_g01_c01.avi", ["apply", "eye", "makeup"]),
        ("the Best of Cats.mkv", ["best", "cats"]),
        ("clip12_dog3.mp4", ["dog"]),
        ("Bohe\u0300me \u00e9te\u0301.mp4", ["bohème", "été"]),  # composed and not
        ("犬/犬の声01.mp4", ["犬", "犬の声"]),
        ("हिन्दी गाना.mp4", ["हिन्दी", "गाना"]),
        ("a.barking", ["barking"]),
    ],
)
def test_words_of_a_path(path: str, words: list[str]) -> None:
    assert path_words(path) == words


def test_no_two_names_are_alike() -> None:
    names = {0: "dog", 1: "dog", 2: "dog (2)", 3: "dog", 4: "cat"}
    found = distinct(names, {0: 1, 1: 9, 2: 1, 3: 5, 4: 1}, frozenset({"cat"}))
    assert found == {0: "dog (4)", 1: "dog", 2: "dog (2)", 3: "dog (3)", 4: "cat (2)"}
