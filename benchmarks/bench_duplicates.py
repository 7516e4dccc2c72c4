"""How far apart near duplicates are, and windows that are none: for the threshold of `duplicates`.

Every video of a folder gets two copies, re-encoded at half the size and at a low quality. A window
and the same window of a copy are near duplicates; windows of two videos are none, unless their
names differ in the suffix alone. The distance of two windows is the larger one of the modalities';
that of their thumbnails is measured apart.

    python benchmarks/bench_duplicates.py --videos FOLDER --model model.pt [--alike '*asl*']

With `--alike` the pairs of other videos are also counted among the files of this pattern alone,
such as videos of one person in one room.
"""

import argparse
import json
import subprocess
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.label.duplicates import NEAR, SAME_PICTURE
from selavi.label.features import Features, features
from selavi.label.loaded import Loaded, load_labeller
from selavi.label.options import Options
from selavi.label.predict import Predicted
from selavi.label.windows import Windowing

SECONDS = 4
COPIES = {
    "half": ["-vf", "scale=trunc(iw/4)*2:trunc(ih/4)*2", "-crf", "28"],
    "poor": ["-crf", "38", "-c:a", "aac", "-b:a", "32k"],
}
SHARES = (0.001, 0.01, 0.5, 0.9, 0.95, 0.99)
THRESHOLDS = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05)
PICTURES = (0.001, 0.002, 0.004, 0.008, 0.016)


def copy(video: Path, folder: Path, options: list[str]) -> None:
    """Re-encode a video; one that ffmpeg cannot read has no copy."""
    folder.mkdir(exist_ok=True)
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-y", "-i", str(video), *options]
    subprocess.run(
        [*command, "-pix_fmt", "yuv420p", str(folder / f"{video.name}.mkv")], check=False
    )


def measure(videos: Path, loaded: Loaded) -> tuple[Features, np.ndarray]:
    """Features of windows, and their thumbnails."""
    with tempfile.TemporaryDirectory() as work:
        made = features([videos], loaded, Path(work), Options(Windowing(SECONDS)))
        parts = [Predicted.read(path) for path in Path(work).glob("clips-*/*.npz")]
    ids = pd.Index(np.concatenate([part.ids for part in parts]))
    rows = np.concatenate([part.thumbnails for part in parts])
    return made, rows[ids.get_indexer(made.windows["id"])]


def distances(one: Features, other: Features) -> np.ndarray:
    """(n, m) cosine distances, the larger one of the modalities' that both have, NaN for none."""
    pairs = [
        cosine_distances(one.arrays[name], other.arrays[name])
        for name in one.arrays
        if name.startswith("features_")
    ]
    largest = np.nan_to_num(pairs, nan=-1).max(axis=0)
    return np.where(largest == -1, np.nan, largest)


def cosine_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, m) cosine distances, NaN for rows of NaN."""
    units = [
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for rows in (one.astype(float), other.astype(float))
    ]
    return np.asarray(1 - units[0] @ units[1].T)


def keys(windows: pd.DataFrame, suffix: str) -> pd.Index:
    """Name of the video, start and modalities of each window; copies have one more suffix."""
    names = pd.Series([Path(path).name.removesuffix(suffix) for path in windows["path"]])
    starts = windows["start"].round().astype(int).astype(str)
    return pd.Index(names + "#" + starts + " " + windows["modalities"])


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--alike", default="*", metavar="PATTERN")
    options = parser.parse_args()
    loaded = load_labeller(options.model)
    own, own_thumbnails = measure(options.videos, loaded)
    near = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, coding in COPIES.items():
            for video in sorted(options.videos.iterdir()):
                copy(video, Path(scratch, name), coding)
            copies, thumbnails = measure(Path(scratch, name), loaded)
            own_keys, their_keys = keys(own.windows, ""), keys(copies.windows, ".mkv")
            places = own_keys.get_indexer(their_keys)
            pairs = places[places >= 0], np.flatnonzero(places >= 0)
            apart = np.stack(
                [distances(own, copies)[pairs], cosine_distances(own_thumbnails, thumbnails)[pairs]]
            )
            print(f"{name}: {apart.shape[1]} pairs; features", _quantiles(apart[0]))
            print("  thumbnails", _quantiles(apart[1]))
            near.append(apart)
    found = np.concatenate(near, axis=1)
    stems = np.array([Path(path).stem for path in own.windows["path"]])
    alike = np.array([fnmatch(stem, options.alike) for stem in stems])
    both = np.stack([distances(own, own), cosine_distances(own_thumbnails, own_thumbnails)])
    shares = {}
    for name, among in {"other videos": np.ones_like(alike), "alike videos": alike}.items():
        chosen = (stems[:, None] != stems[None]) & among[:, None] & among[None]
        away = both[:, chosen & np.isfinite(both[0])]
        print(f"{name}: {away.shape[1]:,} pairs; features", _quantiles(away[0]))
        print("  thumbnails", _quantiles(away[1]))
        for threshold in THRESHOLDS:
            _print_shares(f"  features {threshold:g}", found[0] <= threshold, away[0] <= threshold)
        for threshold in PICTURES:
            text = f"  features {NEAR:g} and thumbnails {threshold:g}"
            joint = [near_in_both(pairs, NEAR, threshold) for pairs in (found, away)]
            _print_shares(text, *joint)
        shares[name] = round(float(near_in_both(away, NEAR, SAME_PICTURE).mean()), 5)
    print(
        json.dumps(
            {
                "benchmark": "duplicates",
                "thresholds": [NEAR, SAME_PICTURE],
                "copies_found": round(float(near_in_both(found, NEAR, SAME_PICTURE).mean()), 3),
                "others_found": shares,
            }
        )
    )


def near_in_both(pairs: np.ndarray, features: float, thumbnails: float) -> np.ndarray:
    """(n,) bool: whether pairs, (2, n), are near by features, and by any thumbnails."""
    return (pairs[0] <= features) & ~(pairs[1] > thumbnails)


def _print_shares(text: str, copies: np.ndarray, others: np.ndarray) -> None:
    print(f"{text}: {copies.mean():.1%} of the copies, {others.mean():.3%} of these pairs")


def _quantiles(values: np.ndarray) -> dict[float, float]:
    return {share: round(float(np.nanquantile(values, share)), 5) for share in SHARES}


if __name__ == "__main__":
    main()
