"""Make the explorer: write the clips, then the page that shows them."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from selavi.data.schema import lasts
from selavi.files import UserError, write_text
from selavi.label.names_file import read_names
from selavi.reporting.explorer.clips import remove_others, write_clips
from selavi.reporting.explorer.contents import choose_clips, describe, number_of_clusters
from selavi.reporting.explorer.splits import read_splits

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent


def make_explorer(
    splits: Sequence[tuple[Path, Path]],
    output: Path,
    *,
    title: str,
    clips_per_cluster: int = 12,
    threads: int = 1,
    clusters: int | None = None,
    names: Path | None = None,
) -> None:
    """Write an HTML page to watch and hear the clusters, which needs no server or network.

    The page refers to `clips/{id}.mp4` and `clips/{id}.jpg` beside it, and is written last. Clips
    of an earlier page that this one does not show are removed.

    Parameters
    ----------
    splits : sequence of tuple of Path and Path
        Of each split to show, the CSV of the assign stage and the index, beside its shards.
    output : Path
        The page, usually index.html.
    title : str
        Heading of the page.
    clips_per_cluster : int
        Maximum number of clips per cluster, at least 1: half are the most confident, the others
        evenly spaced over the rest, down to the least confident.
    threads : int
        ffmpeg processes at a time; it does not change the result.
    clusters : int, optional
        K, to count empty clusters; see `number_of_clusters`.
    names : Path, optional
        Names of the clusters; see `read_names`.

    Raises
    ------
    UserError
        If a number is out of range, a file is missing or invalid, the index lacks a clip of the
        assignments, or the disk is full.
    """
    table, clips = read_splits(splits)
    if names:
        head = int(table["head"].iloc[0]) if "head" in table else None
        called = read_names(names, head)
        table["name"] = [called.get(cluster, "") for cluster in table["cluster"]]
    write_page(
        table,
        clips,
        output,
        title=title,
        clusters=number_of_clusters(table, clusters),
        clips_per_cluster=clips_per_cluster,
        threads=threads,
    )


def write_page(
    table: pd.DataFrame,
    clips: pd.DataFrame,
    output: Path,
    *,
    title: str,
    clusters: int,
    clips_per_cluster: int = 12,
    threads: int = 1,
    rejected: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Write the page of clips with clusters; see `make_explorer`.

    Parameters
    ----------
    table : DataFrame
        A row per clip: `id`, `sample` (its position), `key`, `path`, `label`, `cluster`,
        `confidence`, and perhaps `name` (of the cluster, "" for none) and `head`.
    clips : DataFrame
        Where these clips are: rows of an index by the table's `id`, which names a clip's files;
        `shard` is an absolute path.
    output : Path
        The page.
    title : str
        Its heading.
    clusters : int
        K.
    clips_per_cluster : int
        Maximum number of clips per cluster, at least 1.
    threads : int
        ffmpeg processes at a time.
    rejected : mapping of str to int
        Number of rejected videos by reason, to be told on the page.

    Raises
    ------
    UserError
        If a number is out of range, a clip cannot be read, or the disk is full.
    """
    for name, number in (("clips_per_cluster", clips_per_cluster), ("threads", threads)):
        if number < 1:
            raise UserError(f"{name} is {number}; it must be 1 or more")
    has_media = lasts(clips)
    table = table.assign(bare=~has_media.reindex(table["id"]).to_numpy(bool))
    shown = choose_clips(table, clips_per_cluster)
    contents = describe(table, shown, clusters)
    folder = output.parent / "clips"
    rows = clips.loc[shown["id"][~shown["bare"]]]
    write_clips(rows, folder, threads)
    # One aspect ratio for all clips, so that the large view does not change from clip to clip.
    aspect = _aspect(rows[rows["video_size"] > 0])
    write_text(output, _render(title, contents, clips_per_cluster, aspect, rejected))
    removed = remove_others(set(rows.index), folder)
    if removed:
        log.info("removed %d files of an earlier page from %s", removed, folder)
    log.info(
        "%s: %d clips shown of %d, %d of %d clusters have clips",
        output,
        len(shown),
        len(table),
        len(contents["cards"]),
        contents["clusters"],
    )


def _aspect(rows: pd.DataFrame) -> float:
    """Median of width over height, within what fits the page; 16:9 for audio alone."""
    ratios = (rows["width"] / rows["height"]).clip(0.75, 1.8)
    return float(ratios.median()) if len(ratios) else 16 / 9


def _render(
    title: str,
    contents: dict[str, Any],
    clips_per_cluster: int,
    aspect: float,
    rejected: Mapping[str, int],
) -> str:
    """Render the page. The template escapes all but our own style and scripts."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    trusted = {
        name.replace(".", "_"): Markup((TEMPLATES / name).read_text(encoding="utf-8"))
        for name in ("page.css", "page.js", "names.js", "player.js")
    }
    return environment.get_template("page.html.j2").render(
        title=title,
        contents=contents,
        clips_per_cluster=clips_per_cluster,
        aspect=f"{aspect:.3f}",
        rejected=rejected,
        **trusted,
    )
