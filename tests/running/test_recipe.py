import pytest

from selavi.files import UserError
from selavi.running.recipe import HEAD_STEPS, LEAST, STEPS, automatic_clusters, choose_recipe
from selavi.settings.presets import PRESETS


@pytest.mark.parametrize(
    ("clips", "clusters"), [(16, 2), (32, 4), (50, 5), (128, 8), (800, 20), (20_000, 100)]
)
def test_the_number_of_clusters_grows_with_the_root_of_the_clips(clips: int, clusters: int) -> None:
    """sqrt(50 / 2) = 5; 16 clips have room for 16 / 8 clusters; 32 for 4, as sqrt(32 / 2)."""
    assert automatic_clusters(clips) == clusters


@pytest.mark.parametrize("gpus", [0, 1, 4])
@pytest.mark.parametrize("clips", [16, 17, 31, 33, 65, 100, 800, 5000, 100_000])
def test_every_number_of_clips_can_be_trained_on(clips: int, gpus: int) -> None:
    recipe = choose_recipe(clips, gpus=gpus)
    default = 32 if recipe.preset == "small" else 16
    assert recipe.preset == ("paper" if gpus else "small")
    assert 2 <= recipe.batch_size <= default
    assert recipe.batch_size * max(1, gpus) <= clips / 2, "half of the clips may be broken"
    assert recipe.steps >= STEPS
    assert recipe.clusters == automatic_clusters(clips) <= clips // 8
    assert 1 <= recipe.warmup_epochs < recipe.epochs
    assert 1 <= recipe.shards <= clips
    assert recipe.workers == (0 if clips < 200 and not gpus else 4)
    left = clips % (recipe.batch_size * max(1, gpus))
    assert left <= clips / 4


def test_many_clips_get_the_presets_training() -> None:
    recipe = choose_recipe(10_000, gpus=0)
    assert recipe.epochs == PRESETS["small"]["training"]["epochs"]
    assert recipe.warmup_epochs == PRESETS["small"]["training"]["warmup_epochs"]


def test_what_is_asked_for_is_taken() -> None:
    recipe = choose_recipe(100, clusters=7, preset="small", gpus=2)
    assert (recipe.clusters, recipe.preset) == (7, "small")


@pytest.mark.parametrize("clips", [16, 33, 100, 341, 5000])
def test_heads_alone_take_fewer_steps(clips: int) -> None:
    recipe = choose_recipe(clips, preset="features", gpus=0)
    assert recipe.clusters == "auto"
    assert choose_recipe(clips, 5, preset="features", gpus=0).clusters == 5
    assert recipe.batch_size <= min(256, clips / 2)
    assert recipe.steps >= HEAD_STEPS
    assert recipe.epochs >= PRESETS["features"]["training"]["epochs"]
    assert recipe.workers == 0


@pytest.mark.parametrize(
    ("clips", "clusters", "words"),
    [
        (LEAST - 1, None, "15 clips are too few to train on; at least 16"),
        (20, 21, "clusters = 21 does not fit 20 clips; use from 2 to 20"),
        (20, 1, "clusters = 1 does not fit"),
    ],
)
def test_too_few_clips_are_an_error(clips: int, clusters: int | None, words: str) -> None:
    with pytest.raises(UserError, match=words):
        choose_recipe(clips, clusters, gpus=0)
