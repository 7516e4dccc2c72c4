"""How far apart near duplicates are, and windows that are none: for the threshold of `duplicates`.

Every video of a folder gets two copies, re-encoded at half the size and at a low quality. A window
and the same window of a copy are near duplicates; windows of two videos are none, unless their
names differ in the suffix alone. The distance of two windows is the larger one of the modalities'.

    python benchmarks/bench_duplicates.py --videos FOLDER --model model.pt
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import selavi
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.label.duplicates import NEAR
from selavi.label.features import Features

SECONDS = 4
COPIES = {
    "half": ["-vf", "scale=trunc(iw/4)*2:trunc(ih/4)*2", "-crf", "28"],
    "poor": ["-crf", "38", "-b:a", "32k"],
}
SHARES = (0.001, 0.01, 0.5, 0.9, 0.95, 0.99)
THRESHOLDS = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05)


def copy(video: Path, folder: Path, options: list[str]) -> None:
    """Re-encode a video; one that ffmpeg cannot read has no copy."""
    folder.mkdir(exist_ok=True)
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-y", "-i", str(video), *options]
    subprocess.run(
        [*command, "-pix_fmt", "yuv420p", str(folder / f"{video.name}.mkv")], check=False
    )


def distances(one: Features, other: Features) -> np.ndarray:
    """(n, m) cosine distances, the larger one of the modalities' that both windows have."""
    pairs = []
    for name in one.arrays:
        if name.startswith("features_"):
            units = [
                rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
                for rows in (each.arrays[name].astype(float) for each in (one, other))
            ]
            pairs.append(1 - units[0] @ units[1].T)
    return np.nanmax(pairs, axis=0)


def keys(windows: pd.DataFrame, suffix: str) -> pd.Index:
    """Name of the video, start and modalities of each window; copies have one more suffix."""
    names = [Path(path).name.removesuffix(suffix) for path in windows["path"]]
    starts = windows["start"].round().astype(int).astype(str)
    return pd.Index(names + "#" + starts + " " + windows["modalities"])


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    model = selavi.load(options.model)
    own = model.features(options.videos, window=SECONDS)
    stems = pd.Series([Path(path).stem for path in own.windows["path"]])
    away = distances(own, own)[stems.to_numpy()[:, None] != stems.to_numpy()[None]]
    near = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, coding in COPIES.items():
            for video in sorted(options.videos.iterdir()):
                copy(video, Path(scratch, name), coding)
            copies = model.features(Path(scratch, name), window=SECONDS)
            own_keys, their_keys = keys(own.windows, ""), keys(copies.windows, ".mkv")
            places = own_keys.get_indexer(their_keys)
            pairs = distances(own, copies)[places[places >= 0], np.flatnonzero(places >= 0)]
            print(f"{name}: {len(pairs)} pairs, quantiles", _quantiles(pairs))
            near.append(pairs)
    found = np.concatenate(near)
    print(f"other videos: {len(away):,} pairs, quantiles", _quantiles(away))
    for threshold in THRESHOLDS:
        share, wrong = (found <= threshold).mean(), (away <= threshold).mean()
        print(f"  distance {threshold:g}: {share:.1%} of the copies, {wrong:.3%} of other pairs")
    print(
        json.dumps(
            {
                "benchmark": "duplicates",
                "threshold": NEAR,
                "copies_found": round(float((found <= NEAR).mean()), 3),
                "others_found": round(float((away <= NEAR).mean()), 5),
            }
        )
    )


def _quantiles(values: np.ndarray) -> dict[float, float]:
    return {share: round(float(np.nanquantile(values, share)), 5) for share in SHARES}


if __name__ == "__main__":
    main()
