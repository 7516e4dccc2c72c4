"""Features that are replaced row by row."""

import torch

from selavi.labelling.feature_store import FeatureStore


def test_kept_features_are_replaced_row_by_row() -> None:
    store = FeatureStore(torch.tensor([2, 5, 9]), {"video": torch.zeros(3, 2)})
    store.update(torch.tensor([9, 2]), {"video": torch.tensor([[1.0, 1.0], [2.0, 2.0]])})
    assert store.rows["video"].tolist() == [[2, 2], [0, 0], [1, 1]]
