"""Make the explorer: read the assignments, write the clips, then the page that shows them."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from selavi.data.schema import VIDEO, read_assignments, read_index
from selavi.files import UserError, write_text
from selavi.label.names_file import read_names
from selavi.reporting.explorer.clips import remove_others, write_clips
from selavi.reporting.explorer.contents import choose_clips, describe, number_of_clusters

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent
COLUMNS = ("sample", *VIDEO, "cluster", "confidence")


def make_explorer(
    assignments: Path,
    index: Path,
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
    assignments : Path
        CSV of the assign stage.
    index : Path
        Index of the same split, beside its shards.
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
    for name, number in (("clips_per_cluster", clips_per_cluster), ("threads", threads)):
        if number < 1:
            raise UserError(f"{name} is {number}; it must be 1 or more")
    table = _read_assignments(assignments)
    indexed = read_index(index).set_index("id", drop=False)
    missing = ~table["id"].isin(indexed.index)
    if missing.any():
        first = table.loc[missing, "key"].iloc[0]
        raise UserError(
            f"{missing.sum()} of the {len(table)} clips in {assignments} are not in {index}, "
            f"the first of them {first!r}; give the index of the same split"
        )
    head = int(table["head"].iloc[0]) if "head" in table else None
    named = read_names(names, head) if names else {}
    shown = choose_clips(table, clips_per_cluster)
    contents = describe(table, shown, number_of_clusters(table, clusters), named, head)
    folder = output.parent / "clips"
    rows = indexed.loc[shown["id"]]
    write_clips(rows, index.parent, folder, threads)
    # One aspect ratio for all clips, so that the large view does not change from clip to clip.
    aspect = float((rows["width"] / rows["height"]).clip(0.75, 1.8).median())
    write_text(output, _render(title, contents, clips_per_cluster, aspect))
    removed = remove_others(set(shown["id"]), folder)
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


def _read_assignments(path: Path) -> pd.DataFrame:
    table = read_assignments(path, needed=COLUMNS)
    table = table[table["cluster"] >= 0]  # -1: the clip could not be read
    if table.empty:
        raise UserError(f"{path} has no clips; make it again")
    return table


def _render(title: str, contents: dict[str, Any], clips_per_cluster: int, aspect: float) -> str:
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
        **trusted,
    )
