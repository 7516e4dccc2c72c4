"""The demo dataset: small videos made here, whose true classes are known.

Each class is one handwritten digit that one kind of sound goes with. Everything else varies from
video to video and says nothing about the class.
"""

import io
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path, PurePosixPath

import av
import numpy as np
import numpy.typing as npt
import pandas as pd

from selavi.data.sources.demo_audio import RATE, make_sound
from selavi.data.sources.demo_video import FPS, SIDE, make_frames
from selavi.files import UserError, atomic_path, write_text
from selavi.progress import Bar

CLASS_NAMES: tuple[str, ...] = (
    "0 bell",
    "1 siren",
    "2 noise bursts",
    "3 rising chirp",
    "4 tremolo buzzer",
    "5 plucked string",
    "6 random clicks",
    "7 vowel drone",
    "8 swoosh",
    "9 organ chords",
)

# The second number of each random stream's entropy, after the seed.
_STREAMS = {"train": 0, "test": 1, "faults": 2, "shuffle": 3}

_FAULTS = ("no audio", "truncated", "zero bytes", "not a video", "too short")
_TOO_SHORT = 0.4
_AWKWARD_NAME = """it's a "clip" — ünïcode, 100%.mp4"""


@dataclass(frozen=True)
class _Recipe:
    """The arguments that decide what the dataset is, checked."""

    seed: int
    classes: int
    train_per_class: int
    test_per_class: int
    bad_files: bool

    def __post_init__(self) -> None:
        for name, low in (("seed", 0), ("train_per_class", 1), ("test_per_class", 0)):
            if getattr(self, name) < low:
                raise UserError(f"{name} is {getattr(self, name)}; it must be {low} or more")
        if not 1 <= self.classes <= len(CLASS_NAMES):
            raise UserError(f"classes is {self.classes}; it must be 1 to {len(CLASS_NAMES)}")


@dataclass(frozen=True)
class _Video:
    """One file to make: where, and all that its bytes depend on."""

    path: PurePosixPath
    label: int
    digit: npt.NDArray[np.float64]
    entropy: tuple[int, ...]
    fault: str = ""


def make_demo_dataset(
    root: Path,
    *,
    seed: int = 0,
    classes: int = 10,
    train_per_class: int = 80,
    test_per_class: int = 20,
    bad_files: bool = True,
    workers: int = 2,
) -> pd.DataFrame:
    """Make the videos under `{root}/{train,test}/{class}/`, or those of them still missing.

    A video is 2 s long: 32 frames of 96 x 96 at 16 fps (H.264) with mono sound at 16 kHz (AAC),
    in mp4. Its bytes depend on `seed`, its split, its class and its place in the class only. A
    file gets its name once it is whole, so an interrupted call can be repeated and resumes.

    Every video shows a handwritten digit of its own (scikit-learn's `load_digits`).

    Parameters
    ----------
    root : Path
        Folder to write to.
    seed : int
        Seed of all generated videos, 0 or more.
    classes : int
        Number of classes, the first of `CLASS_NAMES`, 1 to 10.
    train_per_class : int
        Videos of each class in `train`, 1 or more.
    test_per_class : int
        Videos of each class in `test`, 0 or more. There are about 178 digits of a class for both
        splits together.
    bad_files : bool
        Also put five unusable files among the training videos (without audio, truncated, of zero
        bytes, not a video, too short), whose digit, if any, is that of the first video of their
        class, and give the last training video of the first class an awkward name.
    workers : int
        Processes, 1 or more; the result does not depend on it.

    Returns
    -------
    DataFrame
        A row per file, in a fixed order, all strings: `path` (from `root`, with forward slashes),
        `split` ("train" or "test"), `label` (its class name) and `fault` (what is wrong with it,
        "" for a good video).

    Raises
    ------
    UserError
        If an argument is out of range, or `root` holds a demo dataset of other arguments.
    """
    recipe = _Recipe(seed, classes, train_per_class, test_per_class, bad_files)
    if workers < 1:
        raise UserError(f"workers is {workers}; it must be 1 or more")
    videos = _plan(recipe)
    _claim(root, recipe)

    missing = [video for video in videos if not (root / video.path).exists()]
    with Bar(
        total=len(videos), initial=len(videos) - len(missing), unit="video", desc="videos"
    ) as bar:
        if workers == 1:
            for video in missing:
                _make(root, video)
                bar.update()
        else:
            # Spawned, since a fork copies the locks of whatever threads the caller runs.
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                for _ in pool.map(_make, repeat(root), missing, chunksize=4):
                    bar.update()

    return pd.DataFrame(
        {
            "path": [str(video.path) for video in videos],
            "split": [video.path.parts[0] for video in videos],
            "label": [CLASS_NAMES[video.label] for video in videos],
            "fault": [video.fault for video in videos],
        }
    )


def _plan(recipe: _Recipe) -> list[_Video]:
    """Every file of the dataset, each good video with a digit that no other has."""
    # Imported here, since the worker processes do without it and it is slow to load.
    from sklearn.datasets import load_digits

    images, values = load_digits(return_X_y=True)
    videos = []
    for label in range(recipe.classes):
        own = images[values == label].reshape(-1, 8, 8)
        wanted = recipe.train_per_class + recipe.test_per_class
        if wanted > len(own):
            raise UserError(
                f"train_per_class + test_per_class is {wanted}; it must be at most {len(own)}, "
                f"the number of handwritten digits for class {CLASS_NAMES[label]!r}"
            )
        shuffle = np.random.SeedSequence((recipe.seed, _STREAMS["shuffle"], label))
        own = np.random.default_rng(shuffle).permutation(own)
        # Taken from both ends, so that the size of one split does not change the other.
        for split, count, digits in (
            ("train", recipe.train_per_class, own),
            ("test", recipe.test_per_class, own[::-1]),
        ):
            for number in range(count):
                name = f"clip_{number:04d}.mp4"
                if recipe.bad_files and (split, label, number) == ("train", 0, count - 1):
                    name = _AWKWARD_NAME
                entropy = (recipe.seed, _STREAMS[split], label, number)
                videos.append(_Video(_path(split, label, name), label, digits[number], entropy))
        if recipe.bad_files:
            for number in range(label, len(_FAULTS), recipe.classes):
                fault = _FAULTS[number]
                name = f"broken_{fault.replace(' ', '_')}.mp4"
                entropy = (recipe.seed, _STREAMS["faults"], label, number)
                videos.append(_Video(_path("train", label, name), label, own[0], entropy, fault))
    return videos


def _path(split: str, label: int, name: str) -> PurePosixPath:
    return PurePosixPath(split, CLASS_NAMES[label], name)


def _claim(root: Path, recipe: _Recipe) -> None:
    """Mark the folder with the recipe, lest videos of two recipes end up side by side."""
    mark = root / ".demo.json"
    text = json.dumps(asdict(recipe))
    if not mark.exists():
        if root.is_dir() and any(root.iterdir()):
            raise UserError(
                f"{root} is not empty and holds no demo dataset; the demo's videos would mix with "
                "what is there. For videos of your own, remove the key 'embedded'"
            )
        write_text(mark, text)
    elif mark.read_text(encoding="utf-8") != text:
        raise UserError(
            f"{root} holds a demo dataset made with {mark.read_text(encoding='utf-8')}, "
            f"not {text}; choose another folder or delete this one"
        )


def _make(root: Path, video: _Video) -> None:
    with atomic_path(root / video.path) as part:
        part.write_bytes(_contents(video))


def _contents(video: _Video) -> bytes:
    if video.fault == "zero bytes":
        return b""
    if video.fault == "not a video":
        return b"This is plain text under the name of a video.\n"
    # A stream each, so that the picture cannot depend on how much chance the timbre uses up.
    eye, ear = np.random.SeedSequence(video.entropy).spawn(2)
    frames_THWC = make_frames(video.digit, np.random.default_rng(eye))
    sound_S = make_sound(video.label, np.random.default_rng(ear))
    match video.fault:
        case "no audio":
            return _encode(frames_THWC, None)
        case "too short":
            return _encode(frames_THWC[: int(_TOO_SHORT * FPS)], sound_S[: int(_TOO_SHORT * RATE)])
        case "truncated":
            # The index of an mp4 is at its end: without it nothing can be decoded.
            whole = _encode(frames_THWC, sound_S)
            return whole[: len(whole) // 2]
    return _encode(frames_THWC, sound_S)


def _encode(frames_THWC: npt.NDArray[np.uint8], sound_S: npt.NDArray[np.float32] | None) -> bytes:
    """The mp4 of (T, 96, 96, 3) frames and (S,) samples: the same bytes on every call."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        picture = container.add_stream("libx264", rate=FPS)
        picture.width, picture.height, picture.pix_fmt = SIDE, SIDE, "yuv420p"
        # x264's macroblock tree gives other bytes on every call, on CPUs with AVX-512.
        x264 = "threads=1:mbtree=0"
        picture.options = {"preset": "veryfast", "crf": "23", "x264-params": x264}
        audio = None
        if sound_S is not None:
            audio = container.add_stream("aac", rate=RATE, layout="mono")
            audio.bit_rate = 48_000
        for frame in frames_THWC:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(picture.encode())
        if audio is not None and sound_S is not None:
            samples = av.AudioFrame.from_ndarray(sound_S[None], format="fltp", layout="mono")
            samples.sample_rate, samples.pts = RATE, 0
            container.mux(audio.encode(samples))
            container.mux(audio.encode())
    return file.getvalue()
