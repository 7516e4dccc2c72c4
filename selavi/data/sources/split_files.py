"""Videos named one by one: the split files of UCF-101 and HMDB-51."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from selavi.data.text_files import read_text
from selavi.files import UserError
from selavi.settings import OfficialSettings


def official_videos(folder: Path, settings: OfficialSettings) -> pd.DataFrame:
    """Read which videos a benchmark's split files put into one part of one fold.

    Parameters
    ----------
    folder : Path
        Folder of the split files.
    settings : OfficialSettings
        Their layout, the fold and the part.

    Returns
    -------
    DataFrame
        Columns `label` (the class, as the benchmark's list of classes spells it) and `stem` (the
        file's name without its suffix).

    Raises
    ------
    UserError
        If a file is missing, or has a line that its format does not allow.
    """
    read = _ucf101 if settings.layout == "ucf101" else _hmdb51
    rows = pd.DataFrame(list(read(folder, settings)), columns=["label", "stem"])
    if rows.empty:
        raise UserError(f"{folder}: fold {settings.fold} has no videos for {settings.part}")
    twice = rows[rows.duplicated()]
    if len(twice):
        raise UserError(
            f"{folder}: fold {settings.fold} names {'/'.join(twice.iloc[0])} twice in "
            f"{settings.part}"
        )
    return rows


def official_files(folder: Path, settings: OfficialSettings) -> list[Path]:
    """The files that one part of one fold is read from; of HMDB-51 those that are there."""
    if settings.layout == "ucf101":
        part = f"{settings.part}list{settings.fold:02d}.txt"
        return [folder / "classInd.txt", folder / part]
    return sorted(folder.glob(f"*_test_split{settings.fold}.txt"))


def official_classes(folder: Path, settings: OfficialSettings) -> list[str]:
    """The classes that a benchmark's files know, in whichever fold. Raises as `official_videos`."""
    if settings.layout == "ucf101":
        names, _ = official_files(folder, settings)
        return [name for name, _ in _ucf101_classes(names).values()]
    found = (re.fullmatch(r"(.+)_test_split[123]\.txt", path.name) for path in folder.iterdir())
    return sorted({match[1] for match in found if match})


def plain_class(name: str) -> str:
    """A class's name with spaces and underscores, and large and small letters, alike."""
    return " ".join(name.replace("_", " ").casefold().split())


def _ucf101_classes(path: Path) -> dict[str, tuple[str, str]]:
    """Name and number of each class, by its plain name: copies of UCF-101 spell one in two ways."""
    classes: dict[str, tuple[str, str]] = {}
    for line, words in _lines(path):
        if len(words) != 2 or not words[0].isdigit():
            raise UserError(f"{line} is not `number class`")
        if classes.setdefault(plain_class(words[1]), (words[1], words[0]))[1] != words[0]:
            raise UserError(f"{line} is there with another number too; remove one of them")
    return classes


def _ucf101(folder: Path, settings: OfficialSettings) -> Iterator[tuple[str, str]]:
    names, videos = official_files(folder, settings)
    classes = _ucf101_classes(names)
    for line, words in _lines(videos):
        label, _, name = words[0].replace("\\", "/").partition("/")
        if not name or len(words) > 2 or not all(word.isdigit() for word in words[1:]):
            raise UserError(f"{line} is not `class/video.avi`, with or without a number")
        official, number = classes.get(plain_class(label), ("", ""))
        if not official or (len(words) > 1 and words[1] != number):
            raise UserError(f"{line} does not agree with classInd.txt about class {label!r}")
        yield official, Path(name).stem


def _hmdb51(folder: Path, settings: OfficialSettings) -> Iterator[tuple[str, str]]:
    ending = f"_test_split{settings.fold}.txt"
    files = official_files(folder, settings)
    if not files:
        raise UserError(
            f"{folder} has no files {{class}}{ending}; unpack the official splits there"
        )
    wanted = {"train": "1", "test": "2"}[settings.part]
    for path in files:
        for line, words in _lines(path):
            if len(words) != 2 or not re.fullmatch("[012]", words[1]):
                raise UserError(f"{line} is not `video.avi` and 0, 1 or 2")
            if words[1] == wanted:
                yield path.name.removesuffix(ending), Path(words[0]).stem


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Lines that are not empty: where each stands, for messages, and its words."""
    try:
        text = read_text(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; unpack the splits there") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield f"{path}, line {number}: {line.strip()!r}", line.split()
