"""Suggest names for clusters: from classes, else from words of the files' names."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    TfidfTransformer,
)

from selavi.label.names_file import Name, assigned, cluster_sizes, rows_by_cluster

SHARE = 1 / 3
"""A class or a word names a cluster if at least this share of its clips or files has it."""
CONTRAST = 2.0
"""A word is this many times as frequent in the cluster as in the rest."""
WORDS = 3
"""Words of a name, at most."""
CLOSE = 0.8
"""Further words of a name have at least this share of the best word's score."""

_CAMERAS = "avi clip dcim dji dsc dscf dscn gopr hdr img mov mvi pxl raw sam screenrecording vid wa"
_FILES = (
    "audio copy download downloads edit edited export file files final flac full hd https http mp3 "
    "mp4 new official original part sample segment test train trim untitled uhd valid version "
    "video videos www youtube"
)
_NO_NAMES = ENGLISH_STOP_WORDS | set(_CAMERAS.split()) | set(_FILES.split())
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
_DIGIT = re.compile(r"\d")
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHORTEST = 3
_SUFFIX = 6  # characters of the longest file extension, with its dot


def suggest(table: pd.DataFrame) -> dict[int, Name]:
    """Suggest names for the clusters of a table.

    A cluster is called by the classes that at least a third of its clips with a class have, the
    commonest first; else by the words that at least a third of its files have in their paths, and
    that are at least twice as frequent as in the others' paths. Of these, tf-idf chooses. A cluster
    that has neither gets no name. Clusters that would have the same name are numbered, the largest
    first.

    Parameters
    ----------
    table : DataFrame
        `cluster`, as `assigned` takes it, and `path`, and `label` if there are classes.

    Returns
    -------
    dict of int to Name
        By cluster, of the clusters that have a name.
    """
    table = assigned(table)
    classes = _from_classes(table) if "label" in table else {}
    words = _from_words(table)
    texts = distinct(words | classes, cluster_sizes(table))
    source = dict.fromkeys(words, "words") | dict.fromkeys(classes, "classes")
    return {cluster: Name(text, source[cluster]) for cluster, text in sorted(texts.items())}


def distinct(
    names: dict[int, str], sizes: dict[int, int], taken: frozenset[str] = frozenset()
) -> dict[int, str]:
    """Number the names that several clusters would have: "dog", "dog (2)", "dog (3)".

    Parameters
    ----------
    names : dict of int to str
        By cluster.
    sizes : dict of int to int
        Clips of each cluster: the largest keeps the plain name.
    taken : frozenset of str
        Names that none of them may have.

    Returns
    -------
    dict of int to str
        By cluster, in the order of `names`, no two alike.

    Examples
    --------
    >>> distinct({0: "dog", 1: "dog", 2: "cat"}, {0: 5, 1: 9, 2: 1})
    {0: 'dog (2)', 1: 'dog', 2: 'cat'}
    """
    used, plain = set(taken), set(names.values())
    result: dict[int, str] = {}
    for cluster in sorted(names, key=lambda c: (-sizes.get(c, 0), c)):
        name, number = names[cluster], 1
        while name in used or (number > 1 and name in plain):
            number += 1
            name = f"{names[cluster]} ({number})"
        used.add(name)
        result[cluster] = name
    return {cluster: result[cluster] for cluster in names}


def _from_classes(table: pd.DataFrame) -> dict[int, str]:
    known = table[table["label"].fillna("") != ""]
    names = {}
    for cluster, rows in rows_by_cluster(known).items():
        labels = known["label"].iloc[rows]
        counts = Counter(labels)
        common = [name for name, count in counts.items() if count >= SHARE * len(labels)]
        common.sort(key=lambda name: (-counts[name], name))
        if common:
            names[cluster] = " / ".join(common)
    return names


def _from_words(table: pd.DataFrame) -> dict[int, str]:
    files = table[["cluster", "path"]].drop_duplicates().sort_values(["cluster", "path"])
    words = [path_words(path) for path in files["path"]]
    counts = Counter(word for each in words for word in set(each))
    vocabulary = sorted(word for word, n in counts.items() if 1 < n < len(files))
    if not vocabulary or files["cluster"].nunique() == 1:
        return {}
    vectorizer = CountVectorizer(analyzer=list, binary=True, vocabulary=vocabulary)
    present = vectorizer.transform(words)  # (F, W) sparse, 0 or 1
    idf = TfidfTransformer().fit(present).idf_
    totals = np.asarray(present.sum(0)).ravel()
    names = {}
    for cluster, rows in rows_by_cluster(files).items():
        inside = np.asarray(present[rows].sum(0)).ravel()
        share = inside / len(rows)
        rest = (totals - inside) / (len(files) - len(rows))
        fit = (inside > 1) & (share >= SHARE) & (share >= CONTRAST * rest)
        scores = {vocabulary[w]: float(share[w] * idf[w]) for w in np.flatnonzero(fit)}
        if scores:
            names[cluster] = _phrase(scores, [words[row] for row in rows])
    return names


def _phrase(scores: dict[str, float], paths: list[list[str]]) -> str:
    """The best words, in the order that the path with most of them has."""
    best = max(scores.values())
    chosen: list[str] = []
    for word in sorted(scores, key=lambda word: (-scores[word], word)):
        alike = any(word.startswith(c) or c.startswith(word) for c in chosen)
        if scores[word] >= CLOSE * best and len(chosen) < WORDS and not alike:
            chosen.append(word)
    words = max(paths, key=lambda words: len(set(chosen) & set(words)))
    order = {word: place for place, word in reversed(list(enumerate(words)))}
    return " ".join(sorted(chosen, key=lambda word: order.get(word, len(words))))


def path_words(path: str) -> list[str]:
    """Words of a path that can say what a video shows, in lower case.

    Not: numbers, ids and hashes, the extension, what cameras and programs call files, and English
    words such as "the".

    Examples
    --------
    >>> path_words("/home/ann/Dog-Barking/IMG_20240501_0012.dogPark 3f9c2ab81d.mp4")
    ['home', 'ann', 'dog', 'barking', 'dog', 'park']
    """
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return [
        *_folder_words(folder + slash),
        *_words(stem if dot and len(suffix) < _SUFFIX else name),
    ]


@lru_cache(maxsize=10_000)
def _folder_words(folder: str) -> list[str]:
    return _words(folder)


def _words(text: str) -> list[str]:
    if text.isascii():
        chunks = _ALPHANUMERIC.findall(text)
    else:  # letters of some scripts have marks that are no letters
        text = unicodedata.normalize("NFC", text)
        letters = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text)
        chunks = "".join(letters).split()
    return [word for chunk in chunks for word in _chunk_words(chunk)]


@lru_cache(maxsize=100_000)
def _chunk_words(chunk: str) -> list[str]:
    """Words of a run of letters and digits; none if it looks like an id."""
    letters = chunk.strip("0123456789")
    if _DIGIT.search(letters):
        return []
    pieces = _HUMP.split(letters)
    if 2 * sum(len(piece) < _SHORTEST for piece in pieces) > len(pieces) and letters.isascii():
        return []
    words = [piece.lower() for piece in pieces]
    return [w for w in words if (len(w) >= _SHORTEST or not w.isascii()) and w not in _NO_NAMES]
