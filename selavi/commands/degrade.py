"""selavi degrade: a split's clips at a lower quality."""

import argparse

from selavi.commands import arguments
from selavi.config_file import parse
from selavi.files import UserError
from selavi.settings import AudioLevel, VideoLevel

HELP = "re-encode the clips of a split with lower video or audio quality"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "index", "index of the split, beside its shards")
    arguments.file(parser, "tar", "the shard to write")
    arguments.file(parser, "table", "its index to write (CSV), beside it")
    picture = parser.add_argument_group("a worse picture")
    picture.add_argument("--short-side", type=int, metavar="PIXELS", help="short side of frames")
    picture.add_argument("--crf", type=int, metavar="N", help="x264 constant rate factor, 0 to 51")
    sound = parser.add_argument_group("or a worse sound")
    sound.add_argument("--kbps", type=int, metavar="N", help="bit rate of AAC, in kbit/s")
    sound.add_argument("--rate", type=int, metavar="HZ", help="sample rate of AAC")
    sound.add_argument("--snr-db", type=float, metavar="DB", help="add white noise, this far below")
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="clips at a time (default: 1)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.evaluate_degraded import degrade

    names = ("short_side", "crf"), ("kbps", "rate", "snr_db")
    video, audio = (
        {n: getattr(options, n) for n in group if getattr(options, n) is not None}
        for group in names
    )
    if bool(video) == bool(audio):
        raise UserError("give --short-side and --crf, or --kbps and what goes with it")
    level = parse(video, VideoLevel, "level") if video else parse(audio, AudioLevel, "level")
    degrade(options.index, level, options.tar, options.table, options.threads)
