"""Say why there are too few windows to train on, and what would give more."""

import pandas as pd

from selavi.label.options import Options
from selavi.label.windows import Windowing
from selavi.running.recipe import LEAST

LENGTHS = (8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.5)
"""Of windows in seconds, the first that gives enough of them is proposed."""
NAMED = 3  # files that cannot be used


def too_few(plan: pd.DataFrame, options: Options) -> str:
    """Words for a plan with too few windows.

    Parameters
    ----------
    plan : DataFrame
        Columns `selavi.label.windows.PLAN`.
    options : Options
        How files were cut.

    Returns
    -------
    str
        What is wrong, with the files that cannot be used, and the remedies.
    """
    windows = plan[(plan["reason"] == "") & (plan["modalities"] == "video+audio")]
    one = plan.loc[plan["reason"] == "", "modalities"].isin(["video", "audio"]).sum()
    count = "1 window" if len(windows) == 1 else f"{len(windows)} windows"
    verb = "is" if len(windows) == 1 else "are"
    facts = [
        f"{count} with video and audio {verb} too few to train on; at least {LEAST} are needed"
    ]
    if one:
        facts.append(f"{one} more with video or audio alone")
    rejected = plan[plan["reason"] != ""]
    if len(rejected):
        shown = rejected.head(NAMED)
        rows = zip(shown["path"], shown["reason"], shown["detail"], strict=True)
        names = [f"\n  {path}: {reason}, {detail}" for path, reason, detail in rows]
        more = f"\n  and {len(rejected) - NAMED} more" * (len(rejected) > NAMED)
        facts.append(f"{len(rejected)} cannot be used:{''.join(names)}{more}\n")
    remedies = ["add videos", "label with a trained model, --model FILE or --model zoo:NAME"]
    if length := _length_for_enough(windows, options):
        remedies.insert(0, f"cut them into more windows, --window {length:g}")
    return f"{'; '.join(facts)}{'' if len(rejected) else '. '}To go on, {', or '.join(remedies)}"


def _length_for_enough(windows: pd.DataFrame, options: Options) -> float | None:
    """The longest of some lengths of windows that gives enough of them; None if none does."""
    files = windows.groupby("path").agg(start=("start", "min"), end=("end", "max"))
    for length in LENGTHS:
        shorter = length < options.windowing.length
        cut = Windowing(length)
        spans = (cut.spans(start, end) for start, end in files.itertuples(index=False))
        if shorter and sum(map(len, spans)) >= LEAST:
            return length
    return None
