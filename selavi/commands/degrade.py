"""selavi degrade: re-encode a split's clips at a lower quality."""

import argparse

from selavi.commands import arguments
from selavi.config_file import parse
from selavi.files import UserError
from selavi.settings import AudioLevel, VideoLevel

HELP = "re-encode the clips of a split at a lower quality of video or audio"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "index", "read the index of the split, beside its shards")
    arguments.file(parser, "tar", "write the shard")
    arguments.file(parser, "table", "write its index beside it (CSV)")
    video = parser.add_argument_group("lower quality of video")
    video.add_argument(
        "--short-side", type=int, metavar="PIXELS", help="scale frames to this short side"
    )
    video.add_argument(
        "--crf", type=int, metavar="N", help="encode at this x264 constant rate factor, 0 to 51"
    )
    audio = parser.add_argument_group("or of audio")
    audio.add_argument(
        "--kbps", type=int, metavar="N", help="encode AAC at this bit rate, in kbit/s"
    )
    audio.add_argument("--rate", type=int, metavar="HZ", help="encode AAC at this sample rate")
    audio.add_argument(
        "--snr-db", type=float, metavar="DB", help="add white noise at this signal-to-noise ratio"
    )
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="encode N clips at a time (default: 1)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.evaluate_degraded import degrade

    names = ("short_side", "crf"), ("kbps", "rate", "snr_db")
    video, audio = (
        {n: getattr(options, n) for n in group if getattr(options, n) is not None}
        for group in names
    )
    if bool(video) == bool(audio):
        raise UserError("give --short-side and --crf, or --kbps with --rate or --snr-db")
    level = parse(video, VideoLevel, "level") if video else parse(audio, AudioLevel, "level")
    degrade(options.index, level, options.tar, options.table, options.threads)
