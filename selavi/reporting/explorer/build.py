"""Make the explorer: write the clips, the columns, then the page that shows them."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from selavi import __version__
from selavi.data.schema import lasts
from selavi.evaluation.clip_map import ClipMap
from selavi.files import UserError, atomic_path, write_text
from selavi.label.corrections import fit_corrections, names_of
from selavi.label.corrections_file import Corrections, dump
from selavi.label.names_file import read_names
from selavi.reporting.explorer.agreeing import agreements
from selavi.reporting.explorer.clips import remove_others, write_clips, write_pictures
from selavi.reporting.explorer.columns import write_column
from selavi.reporting.explorer.contents import CLASSES, cluster_table, columns_of, corrected
from selavi.reporting.explorer.excerpt import SECONDS
from selavi.reporting.explorer.insight import Insight
from selavi.reporting.explorer.media import choose_clips, choose_pictures
from selavi.reporting.explorer.missing import count_missing
from selavi.reporting.explorer.positions import grid, read_map
from selavi.reporting.explorer.seeds import agreement_of_seeds
from selavi.reporting.explorer.splits import read_splits
from selavi.reporting.explorer.views import View, views_of

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
FORMAT = 1
CLIPS_PER_CLUSTER = 48
MEGABYTES = 300.0
NOTHING = Insight()


@dataclass(frozen=True)
class Page:
    """What a page shows of N clips.

    Attributes
    ----------
    title : str
        Heading.
    table : DataFrame
        N rows: `id`, 16 hex digits, which names a clip's files; `key`, `path`, `label`; perhaps
        `split`, a position in `splits`; `start` and `end`, in seconds; `second`, the second choice;
        `repeats`, the place of the row that a clip repeats, -1 for none.
    clips : DataFrame
        What is stored of these clips: rows of an index by `id`; `shard` is an absolute path.
    views : list of View
        Their clusters.
    selected : int
        Position of the view to show first.
    clip_map : ClipMap, optional
        Where the clips lie in the plane, in the order of the table.
    names : dict of int to str
        Names of its clusters.
    splits : list of str
        Names of the splits.
    missing : list of tuple of str and str
        Reason and name of each video that has no cluster.
    corrections : Corrections, optional
        What people changed, by the clusters of the selected view.
    facts : dict
        Further parts of the page's JSON.
    """

    title: str
    table: pd.DataFrame
    clips: pd.DataFrame
    views: list[View]
    selected: int
    clip_map: ClipMap | None = None
    names: dict[int, str] = field(default_factory=dict)
    splits: list[str] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    corrections: Corrections | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def make_explorer(
    splits: Sequence[tuple[Path, Path]],
    output: Path,
    *,
    title: str,
    clips_per_cluster: int = CLIPS_PER_CLUSTER,
    max_megabytes: float = MEGABYTES,
    threads: int = 1,
    clusters: int | None = None,
    names: Path | None = None,
    positions: Path | None = None,
    insight: Insight = NOTHING,
    corrections: Path | None = None,
    seeds: Sequence[Path] = (),
) -> None:
    """Write an HTML page to watch and hear the clusters, which needs no server or network.

    Parameters
    ----------
    splits : sequence of tuple of Path and Path
        Of each split to show, the CSV of the assign stage and the index, beside its shards.
    output : Path
        The page, usually index.html; see `write_page`.
    title : str
        Heading of the page.
    clips_per_cluster : int
        Maximum number of clips per cluster that the page stores, at least 1; see `choose_clips`.
    max_megabytes : float
        Limit of these clips, in 10^6 bytes.
    threads : int
        ffmpeg processes at a time; it does not change the result.
    clusters : int, optional
        K, to count empty clusters; see `number_of_clusters`.
    names : Path, optional
        Names of the clusters; see `read_names`.
    positions : Path, optional
        Where the clips of the only split lie in the plane; see `selavi.evaluation.clip_map`.
    insight : Insight, optional
        What other stages say of the run.
    corrections : Path, optional
        What people changed of the clusters; see `fit_corrections`. The page starts with them.
    seeds : sequence of Path
        Assignments of the only split by runs with other seeds; see `agreement_of_seeds`.

    Raises
    ------
    UserError
        If a number is out of range, a file is missing or invalid, the index lacks a clip of the
        assignments, or the disk is full.
    """
    table, clips, missing = read_splits(splits)
    views, selected = views_of(table, clusters)
    for file in [*seeds, *([positions] if positions else [])]:
        if len(splits) > 1:
            raise UserError(f"{file} is of one split, and there are {len(splits)}; leave it out")
    agreement = agreements(views, selected)
    agreement |= agreement_of_seeds(views[selected], table["id"], seeds)
    page = Page(
        title,
        table,
        clips,
        views,
        selected,
        clip_map=read_map(positions, table["id"]) if positions else None,
        names=read_names(names, views[selected].head) if names else {},
        splits=[assignments.stem for assignments, _ in splits],
        missing=missing,
        corrections=fit_corrections(
            corrections, table["id"], views[selected].assigned, views[selected].clusters
        )
        if corrections
        else None,
        facts=insight.facts() | {"agreement": agreement},
    )
    write_page(page, output, clips_per_cluster, max_megabytes, threads)


def write_page(
    page: Page,
    output: Path,
    clips_per_cluster: int = CLIPS_PER_CLUSTER,
    max_megabytes: float = MEGABYTES,
    threads: int = 1,
) -> None:
    """Write a page, and beside it `clips/`, `data/`, `page.js` and `page.css`; the page comes last.

    Clips and columns of an earlier page that this one does not show are removed.

    Parameters
    ----------
    page : Page
        What it shows.
    output : Path
        The page.
    clips_per_cluster : int
        See `make_explorer`.
    max_megabytes : float
        See `make_explorer`.
    threads : int
        ffmpeg processes at a time.

    Raises
    ------
    UserError
        If a number is out of range, a clip cannot be read, or the disk is full.
    """
    numbers = {
        "clips_per_cluster": clips_per_cluster, "max_megabytes": max_megabytes, "threads": threads
    }  # fmt: skip
    for name, number in numbers.items():
        if number < 1:
            raise UserError(f"{name} is {number:g}; it must be 1 or more")
    folder = output.parent
    stored = lasts(page.clips).reindex(page.table["id"]).to_numpy(bool)
    rows = page.clips.loc[page.table["id"]]
    view = page.views[page.selected]
    chosen = choose_clips(view, rows, stored, clips_per_cluster, max_megabytes)
    pictured = choose_pictures(view, rows, stored, chosen, clips_per_cluster, max_megabytes)
    waves = write_clips(rows.iloc[chosen], folder / "clips", threads)
    write_pictures(rows.iloc[pictured], folder / "clips", threads)
    columns = columns_of(page.table, page.views, page.selected, chosen, pictured)
    columns["waves"] = waves
    if page.clip_map:
        columns["map"] = grid(page.clip_map.positions)
    for name, values in columns.items():
        write_column(folder / "data", name, values)
    for built in (HERE / "built").iterdir():
        with atomic_path(folder / built.name) as copy:
            shutil.copyfile(built, copy)
    run = _run(page, columns, rows.iloc[chosen], len(pictured))
    shown = cluster_table(*corrected(page.table, view, page.names, page.corrections))
    write_text(output, _render(page.title, run, shown))
    files = {f"{name}.mp4" for name in rows.index[chosen]}
    files |= {f"{name}.jpg" for name in rows.index[[*chosen, *pictured]]}
    removed = remove_others(files, folder / "clips")
    for path in (folder / "data").glob("*.js"):
        if path.stem not in columns:
            path.unlink()
    if removed:
        log.info("removed %d files of an earlier page from %s", removed, folder / "clips")
    log.info(
        "%s: %d clips, %d of them to play, in %d of %d clusters",
        output, len(rows), len(chosen), len(set(view.assigned.tolist())), view.clusters,
    )  # fmt: skip


def _run(
    page: Page, columns: dict[str, Any], stored: pd.DataFrame, pictures: int
) -> dict[str, Any]:
    """The page's JSON; `Run` in frontend/src/data/run.ts."""
    placed = page.clip_map
    shown: dict[str, Any] = {}
    own = names_of(page.corrections) if page.corrections else {}
    if placed:
        shown["map"] = {"method": placed.method, "of": placed.of}
    if page.corrections:
        shown["corrections"] = dump(page.corrections)
    ratios = (stored["width"] / stored["height"])[stored["video_size"] > 0].clip(0.75, 1.8)
    # One aspect ratio for all clips, so that the large view does not change from clip to clip.
    aspect = float(ratios.median()) if len(ratios) else 16 / 9
    return {
        "format": FORMAT,
        "title": page.title,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "splits": page.splits,
        "clips": len(page.table),
        "classes": sorted(set(page.table["label"]) - {""}),
        "views": [view.facts() for view in page.views],
        "selected": page.selected,
        "names": {str(n): name for n, name in page.names.items() if n not in own},
        "media": {
            "clips": len(stored), "pictures": len(stored) + pictures, "seconds": SECONDS,
            "aspect": round(aspect, 3),
        },
        "missing": count_missing(page.missing),
        "columns": sorted(columns),
    } | shown | page.facts  # fmt: skip


def _render(title: str, run: dict[str, Any], clusters: list[dict[str, Any]]) -> str:
    """Render the page, which escapes all text."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.j2")
    return template.render(title=title, run=run, clusters=clusters, classes=CLASSES)
