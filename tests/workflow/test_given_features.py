"""The whole workflow on features that are given, without any video."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.datasets import load_digits

from tests.reporting.pages import read_column
from tests.workflow.running import copy_workflow, rules_run, snakemake

TRAIN = 400
CONFIG = {
    "datasets": {
        "digits": {
            "root": "given",
            "splits": {"train": {"clips": "train.csv"}, "test": {"clips": "test.csv"}},
            "features": {"video": "upper/*.npz", "audio": "lower_{split}.npy"},
        }
    },
    "runs": {
        "digits": {
            "dataset": "digits",
            "network": {
                "video_encoder": "frozen", "audio_encoder": "frozen", "clusters": 10, "heads": 2,
                "hidden": 32, "dims": 16,
            },
            "labelling": {"optimisations": 6},
            "training": {"epochs": 4, "batch_size": 50, "warmup_epochs": 0},
            "machine": {"workers": 0, "threads": 1, "precision": "float32"},
        }
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Upper and lower halves of 500 digits as the two modalities, and the run on them."""
    folder = copy_workflow(tmp_path_factory.mktemp("digits"))
    given = folder / "given"
    (given / "upper").mkdir(parents=True)
    digits = load_digits()
    keys = np.array([f"{label}/{n}" for n, label in enumerate(digits.target[:500])])
    halves = digits.images[:500].reshape(500, 2, 32).astype(np.float16)
    order = np.random.default_rng(0).permutation(500)
    for n, part in enumerate(np.array_split(order, 3)):
        np.savez(given / f"upper/{n}.npz", ids=keys[part], features=halves[part, 0])
    for split, part in (("train", slice(TRAIN)), ("test", slice(TRAIN, None))):
        table = pd.DataFrame({"key": keys[part], "label": digits.target[:500][part]})
        table.to_csv(given / f"{split}.csv", index=False)
        table[["key"]].to_csv(given / f"lower_{split}.csv", index=False)
        np.save(given / f"lower_{split}.npy", halves[part, 1])
    (folder / "digits.yaml").write_text(yaml.safe_dump(CONFIG))
    snakemake(folder, "--configfile", "digits.yaml")
    return folder


def test_every_result_is_there(digits: Path) -> None:
    results = digits / "results"
    assert not list(results.glob("**/*.tar"))
    for split, count in (("train", TRAIN), ("test", 500 - TRAIN)):
        assert len(pd.read_csv(results / f"assign/digits/{split}.csv")) == count
        scores = pd.read_csv(results / f"metrics/digits/{split}.csv")
        assert scores["nmi"].max() > 0.3
        methods = pd.read_csv(results / f"baselines/digits/{split}.csv")
        assert {"chance", "k-means raw"} <= set(methods["method"])
        assert methods.loc[methods["method"] == "k-means raw", "nmi"].max() > 0.3
    gathered = results / "gather-features/frozen/digits/test/audio.npy"
    order = np.argsort(pd.read_csv(digits / "given/test.csv")["key"].to_numpy(str))  # the index's
    own = np.load(digits / "given/lower_test.npy")
    np.testing.assert_array_equal(np.load(gathered), own[order])
    for name in ("figures/digits/training.svg", "distributions/digits.csv"):
        assert (results / name).stat().st_size
    assert pd.read_csv(results / "tables/clustering.csv")["nmi"].notna().any()


def test_the_page_shows_the_names_of_clips(digits: Path) -> None:
    page = digits / "results/explorer/digits/index.html"
    assert set(read_column(page, "media").tolist()) == {0}
    index = pd.read_csv(digits / "results/shards/digits/train/index.csv")
    assert read_column(page, "keys") == index["key"].tolist()
    assert not list((digits / "results/explorer/digits/clips").glob("*.*4"))


def test_what_changes_is_made_again(digits: Path) -> None:
    same = snakemake(digits, "--configfile", "digits.yaml", "-n")
    assert "Nothing to be done" in same
    path = digits / "given/lower_test.npy"
    np.save(path, np.load(path) + 1)
    rules = rules_run(snakemake(digits, "--configfile", "digits.yaml", "-n"))
    assert {"gather_features", "assign"} <= set(rules)
    assert not {"pretrain", "list_clips"} & set(rules)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"video": "absent.npz"},
            "digits.features.video: given/absent.npz does not exist",
        ),
        ({"video": "upper/*.npy"}, "given/upper/*.npy has no file of features"),
        ({"video": None}, "video_encoder is frozen, and datasets.digits.features names no video"),
    ],
)
def test_mistakes_stop_the_run_at_once(
    digits: Path, change: dict[str, str | None], words: str
) -> None:
    overlay = {"datasets": {"digits": {"features": change}}}
    (digits / "wrong.yaml").write_text(yaml.safe_dump(overlay))
    output = snakemake(digits, "--configfile", "digits.yaml", "wrong.yaml", "-n", code=1)
    assert words in output
    assert "Traceback" not in output
