"""The page of a large run: what it takes to make, and to use in a browser.

Made-up assignments of 170,752 clips, 309 clusters, 10 heads and three modalities, as those of
VGG-Sound; the media are those of a few demo clips. The main baseline is a page that holds an object
of JSON per clip, the floor is writing as many bytes. The browser is a headless Chromium without a
GPU.

    python benchmarks/bench_explorer.py [--clips N] [--clusters K] [--per-cluster N] [--keep FOLDER]
"""

import argparse
import json
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.schema import head_columns, read_index, read_views
from selavi.data.shards.writer import write_shard
from selavi.data.sources.demo_dataset import make_demo_dataset
from selavi.data.sources.folder import Folder
from selavi.files import write_csv
from selavi.reporting.explorer.build import Page, write_page
from selavi.reporting.explorer.views import views_of
from selavi.settings import MediaSettings

HEADS = 10
MODALITIES = ("video+audio", "video", "audio")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ROUNDS = 5


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def make_clips(folder: Path, clips: int) -> pd.DataFrame:
    """Rows of an index of so many clips, whose media are those of twenty."""
    make_demo_dataset(
        folder / "videos", classes=10, train_per_class=2, test_per_class=0, bad_files=False,
        workers=1,
    )  # fmt: skip
    manifest = folder / "manifest.csv"
    write_manifest(Folder(folder / "videos/train"), 1, manifest)
    write_shard(manifest, 0, folder / "00000.tar", folder / "00000.csv", MediaSettings())
    tables = [folder / f"{name}.csv" for name in ("index", "rejected", "summary")]
    write_index([folder / "00000.csv"], *tables)
    rows = read_index(tables[0])
    many = rows.iloc[np.arange(clips) % len(rows)].reset_index(drop=True)
    many["sample"] = np.arange(clips)
    many["shard"] = str(folder / "00000.tar")
    many.index = pd.Index([f"{n:016x}" for n in range(clips)])  # many ids, for one id of the shard
    return many


def make_assignments(index: pd.DataFrame, csv: Path, clusters: int) -> None:
    """Clusters of each head: classes with noise, and sizes that differ."""
    table = index[["sample"]].reset_index(names="id")
    random, clips = np.random.default_rng(0), len(table)
    classes = random.integers(clusters, size=clips)
    table["label"] = [f"class {number:03d}" for number in classes]
    table["key"] = [f"{label}/video_{n:06d}_of_a_long_name.mp4" for n, label in
                    zip(table["sample"], table["label"], strict=True)]  # fmt: skip
    table["path"] = "/data/vgg-sound/videos/train/" + table["key"]
    columns: dict[str, np.ndarray] = {}
    for modality in MODALITIES:
        for head in range(HEADS):
            names = random.permutation(clusters)
            wrong = random.random(clips) < 0.4
            found = np.where(wrong, random.integers(clusters, size=clips), names[classes])
            margins = random.beta(5, 2, clips).round(6)
            names3 = head_columns(modality, head)
            columns |= dict(zip(names3, (found, margins, margins), strict=True))
    first = head_columns(MODALITIES[0], 0)
    table["detail"] = ""
    for name, column in zip(("cluster", "confidence", "margin"), first, strict=True):
        table[name] = columns[column]
    table["second"], table["head"] = random.integers(clusters, size=clips), 0
    write_csv(csv, pd.concat([table, pd.DataFrame(columns)], axis=1))


def in_browser(page_file: Path) -> dict[str, float]:
    """Milliseconds and nodes of a visit."""
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        found: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            for name, value in _visit(page, page_file).items():
                found.setdefault(name, []).append(value)
            page.close()
        browser.close()
    return {name: statistics.median(values) for name, values in found.items()}


def _visit(page: Tab, page_file: Path) -> dict[str, float]:
    page.goto(page_file.as_uri())
    page.wait_for_selector(".card")
    first_view = float(page.evaluate("performance.now()"))
    nodes = float(page.evaluate("document.querySelectorAll('*').length"))
    frames = page.evaluate(
        """() => new Promise((done) => {
            const times = [];
            let last = performance.now();
            const step = (now) => {
                times.push(now - last);
                last = now;
                scrollBy(0, 60);
                if (times.length < 120) requestAnimationFrame(step);
                else done(times.slice(5));
            };
            requestAnimationFrame(step);
        })"""
    )
    page.evaluate("scrollTo(0, 0)")
    page.focus("#search")  # loads the names of all clips
    page.wait_for_timeout(1500)
    search = _until(page, "#search", "video_01234", ".card .note")
    sort = page.evaluate(
        """async () => {
            const start = performance.now();
            const sort = document.getElementById('sort');
            sort.value = 'margin';
            sort.dispatchEvent(new Event('change', { bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            return performance.now() - start;
        }"""
    )
    return {
        "first_view_ms": first_view, "frame_ms": statistics.median(frames),
        "slowest_frame_ms": max(frames), "search_ms": search, "sort_ms": float(sort),
        "nodes": nodes,
    }  # fmt: skip


def _until(page: Tab, box: str, text: str, wanted: str) -> float:
    """Milliseconds from text in a box to what it brings, without the pause for more letters."""
    return float(
        page.evaluate(
            """([box, text, wanted]) => new Promise((done) => {
                const input = document.querySelector(box);
                input.value = text;
                const start = performance.now();
                input.dispatchEvent(new InputEvent('input', { bubbles: true }));
                const look = () => document.querySelector(wanted)
                    ? done(performance.now() - start - 60) : setTimeout(look, 1);
                look();
            })""",
            [box, text, wanted],
        )
    )


def json_per_clip(csv: Path, output: Path) -> None:
    """The main baseline: a page with an object per clip."""
    table = pd.read_csv(csv)
    heads = [name for name in table if "_head" in name and not name.endswith("_confidence")]
    records = table[["id", "key", "path", "label", "margin", *heads]].to_dict("records")
    output.write_text(f"<script>const clips = {json.dumps(records)}</script>")


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=170_752)
    parser.add_argument("--clusters", type=int, default=309)
    parser.add_argument("--per-cluster", type=int, default=2, help="clips stored (default: 2)")
    parser.add_argument("--keep", type=Path, help="keep the page in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = make_clips(folder, options.clips)
        make_assignments(clips, folder / "train.csv", options.clusters)
        page = (options.keep or folder / "page") / "index.html"

        def make(per_cluster: int) -> None:
            table = read_views(folder / "train.csv", needed=())
            views, selected = views_of(table)
            shown = Page("large", table, clips, views, selected)
            write_page(shown, page, clips_per_cluster=per_cluster, threads=2)

        result: dict[str, Any] = {"benchmark": "explorer", "against": "an object of JSON per clip"}
        build = seconds(lambda: make(options.per_cluster))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        files = [path for path in page.parent.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        columns = sum(p.stat().st_size for p in files if p.suffix in {".js", ".html", ".css"}) / 1e6
        stored = sum(path.suffix == ".mp4" for path in files)
        content = b"x" * round(size * 1e6)
        floor = seconds(lambda: (folder / "floor").write_bytes(content))
        rival = seconds(lambda: json_per_clip(folder / "train.csv", folder / "rival.html"))
        rival_size = (folder / "rival.html").stat().st_size / 1e6
        print(f"{options.clips:,} clips, {options.clusters} clusters, {HEADS} heads, 3 modalities")
        print(f"  build {build:.1f} s ({stored:,} clips stored), peak memory {peak:.1f} GB")
        print(f"  folder {size:.1f} MB, {columns:.1f} MB without clips")
        print(f"  an object of JSON per clip: {rival:.1f} s, {rival_size:.0f} MB, without clips")
        print(f"  writing as many bytes (the floor): {floor:.2f} s")
        visit = in_browser(page)
        for key, value in visit.items():
            print(f"  {key:18} {value:8.1f}")
        result |= {
            "ratio": round(rival_size / columns, 1), "floor_ratio": round(build / floor, 1),
            "build_s": round(build, 1), "megabytes": round(size, 1), "peak_gb": round(peak, 1),
        }  # fmt: skip
        print(json.dumps(result | {key: round(value, 1) for key, value in visit.items()}))


if __name__ == "__main__":
    main()
