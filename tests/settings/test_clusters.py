"""Numbers of clusters."""

import pytest
from pydantic import ValidationError

from selavi.settings import NetworkSettings
from selavi.settings.clusters import automatic_levels


@pytest.mark.parametrize("clips", [2, 30, 800, 3_328, 170_752])
def test_automatic_levels_end_at_the_root_of_the_clips(clips: int) -> None:
    levels = automatic_levels(clips)
    assert levels == sorted(set(levels))
    assert levels[0] >= 2
    assert levels[-1] == max(2, round(clips**0.5))
    assert len(levels) <= 7


def test_each_number_of_clusters_has_heads_of_its_own() -> None:
    network = NetworkSettings(clusters=[3, 8], heads=2)
    assert network.levels() == [3, 8]
    assert network.cluster_counts == [3, 3, 8, 8]
    assert NetworkSettings(clusters=5, heads=2).cluster_counts == [5, 5]
    assert NetworkSettings(clusters="auto").levels(800) == automatic_levels(800)


@pytest.mark.parametrize("wrong", [1, [8, 3], [3, 3], [1, 4], [], "many", 2.5, True])
def test_other_numbers_are_refused(wrong: object) -> None:
    with pytest.raises(ValidationError, match="clusters"):
        NetworkSettings(clusters=wrong)
