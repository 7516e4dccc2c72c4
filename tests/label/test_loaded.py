"""What can be labelled with."""

from pathlib import Path

import numpy as np
import pytest

from selavi.clustering.fitted import fit
from selavi.files import UserError
from selavi.label.loaded import load_labeller
from selavi.settings import RunSettings


def test_a_clustering_or_a_folder_is_no_network(tmp_path: Path) -> None:
    settings = RunSettings.model_validate(
        {"dataset": "d", "method": "kmeans", "modalities": ["video"],
         "network": {"video_encoder": "frozen", "clusters": 2}}
    )  # fmt: skip
    rows = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32)
    ids = np.array([f"{n:016x}" for n in range(20)], object)
    fitted = fit("kmeans", {"video": rows}, ids, "l2_pca", 4, 2, [0])
    fitted.save(tmp_path / "clustering.pt", settings)
    with pytest.raises(UserError, match="is a clustering of given features, without a network"):
        load_labeller(str(tmp_path / "clustering.pt"))
    with pytest.raises(UserError, match=r"is a folder; name the model file in it"):
        load_labeller(str(tmp_path))
