"""The encoders' first weights: of every kind of file, strictly, with the mistake named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.models.video import r2plus1d_18

from selavi.engine.process_group import Group
from selavi.files import UserError
from selavi.models.checkpoint import build_network, save_model
from selavi.models.initial_weights import FirstWeights, initialise
from selavi.models.network import Network
from selavi.models.zoo import digest_of
from selavi.settings import InitSettings, RunSettings
from tests.models.test_paper_checkpoint import checkpoint, own_statistics

ALONE = Group(0, 1, torch.device("cpu"))
Run = Callable[..., RunSettings]


def paper_run(**sections: Any) -> RunSettings:
    network = {"clusters": 3, "heads": 1, "hidden": 8} | sections.pop("network", {})
    raw = {"dataset": "d", "network": network, "labelling": {"groups": 1}} | sections
    return RunSettings.model_validate(raw)


def start(settings: RunSettings, **sources: str) -> tuple[Network, dict[str, Tensor]]:
    """A new network after `initialise`, and its weights before."""
    torch.manual_seed(1)
    network = build_network(settings)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    initialise(network, InitSettings(**sources), ALONE)
    return network, before


def same(encoder: nn.Module, weights: dict[str, Tensor]) -> bool:
    own = encoder.state_dict()
    return own.keys() == weights.keys() and all(torch.equal(own[k], weights[k]) for k in own)


def test_a_model_of_ours_gives_both_encoders_and_no_head(tiny_run: Run, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_network(tiny_run())
    own_statistics(model)
    save_model(tmp_path / "model.pt", model, tiny_run(), {"head": 0})
    other = tiny_run(network={"clusters": 6, "heads": 3, "hidden": 8})
    state = torch.get_rng_state()
    network, before = start(other, video=f"{tmp_path}/model.pt", audio=f"{tmp_path}/model.pt")
    torch.manual_seed(1)
    build_network(other)
    expected_next = torch.rand(3)
    for modality in ("video", "audio"):
        assert same(network.encoders[modality], model.encoders[modality].state_dict())
    assert same(network.heads, {k[6:]: v for k, v in before.items() if k.startswith("heads.")})
    torch.set_rng_state(state)
    start(other, video=f"{tmp_path}/model.pt")
    assert torch.equal(torch.rand(3), expected_next)  # loading draws no random numbers


def test_the_released_format_gives_what_is_asked_for(tmp_path: Path) -> None:
    released, content = checkpoint()
    torch.save(content, tmp_path / "ave.pth.tar")
    network, before = start(paper_run(), audio=f"{tmp_path}/ave.pth.tar")
    theirs = getattr(released, "audio_network").base.state_dict()  # noqa: B009
    assert same(network.encoders["audio"], theirs)
    video = {k[15:]: v for k, v in before.items() if k.startswith("encoders.video.")}
    assert same(network.encoders["video"], video)


@torch.no_grad()
def test_torchvisions_networks_give_their_encoders(tmp_path: Path) -> None:
    torch.manual_seed(0)
    video, audio = r2plus1d_18(weights=None), ResNet(BasicBlock, [1] * 4)
    audio.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    for network in (video, audio):
        own_statistics(network)
    torch.save(video.state_dict(), tmp_path / "v.pth", _use_new_zipfile_serialization=False)
    torch.save(audio.state_dict(), tmp_path / "a.pth")
    ours, _ = start(paper_run(), video=f"{tmp_path}/v.pth", audio=f"{tmp_path}/a.pth")
    video.fc = audio.fc = nn.Identity()
    clips, sounds = torch.randn(2, 3, 4, 32, 32), torch.randn(2, 1, 40, 30)
    ours.eval()
    torch.testing.assert_close(ours.encoders["video"](clips), video.eval()(clips))
    torch.testing.assert_close(ours.encoders["audio"](sounds), audio.eval()(sounds))


def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        weights = r2plus1d_18(weights=None).state_dict()
        change(weights)
        torch.save(weights, path)

    return write


STEM = "stem.0.weight"


@pytest.mark.parametrize(
    ("write", "modality", "words"),
    [
        (changed(lambda w: w.pop(STEM)), "video", rf"0 weights unknown, 1 weights \({STEM}\) miss"),
        (changed(lambda w: w.update(extra=torch.ones(1))), "video", r"1 weights \(extra\) unknown"),
        (
            changed(lambda w: w.update({STEM: torch.ones(45, 3, 1, 5, 5)})), "video",
            r"stem\.0\.weight: \(45, 3, 1, 5, 5\) float32 for \(45, 3, 1, 7, 7\) float32",
        ),
        (changed(lambda w: w[STEM].fill_(torch.nan)), "video", r"stem\.0\.weight holds NaN"),
        (changed(lambda w: None), "audio", "has no audio encoder, only video; set"),
        (lambda path: path.write_bytes(b""), "video", "is not a file of torch.save"),
        (lambda path: path.write_text("words"), "video", "is not a file of torch.save"),
        (lambda path: None, "video", "is not a file; correct network.init"),
        (lambda path: torch.save({"x": 1}, path), "video", "is not a selavi model"),
    ],
    ids=["missing", "unknown", "shape", "nan", "audio", "empty", "text", "absent", "other"],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    tmp_path: Path, write: Callable[[Path], object], modality: str, words: str
) -> None:
    path = tmp_path / "weights.pth"
    write(path)
    with pytest.raises(UserError, match=words) as error:
        start(paper_run(), **{modality: str(path)})
    assert str(path) in str(error.value)


def test_another_encoder_is_named_with_the_settings_to_change(
    tiny_run: Run, tmp_path: Path
) -> None:
    torch.save(r2plus1d_18(weights=None).state_dict(), tmp_path / "v.pth")
    settings = tiny_run()
    save_model(tmp_path / "model.pt", build_network(settings), settings, {"head": 0})
    with pytest.raises(UserError, match=(
        r"network\.init\.video: .*v\.pth is of another encoder than the run's, which has "
        r"network\.video_encoder: r2plus1d_narrow and video\.grey: true; set "
        r"network\.video_encoder: r2plus1d_18 and video\.grey: false to start from it"
    )):  # fmt: skip
        start(settings, video=f"{tmp_path}/v.pth")
    with pytest.raises(UserError, match=r"set network\.audio_encoder: resnet_narrow to start"):
        start(paper_run(), audio=f"{tmp_path}/model.pt")
    grey = paper_run(video={"grey": True})
    with pytest.raises(UserError, match=r"r2plus1d_18 and video\.grey: false to start from it"):
        start(grey, video=f"{tmp_path}/v.pth")


@pytest.mark.parametrize("first", [None, {"source": "ave.pth", "sha256": "0", "released": True}])
def test_it_is_recorded_whether_weights_come_from_the_release(
    tiny_run: Run, tmp_path: Path, first: dict[str, Any] | None
) -> None:
    """Of a model that was trained from them, too."""
    facts = {"version": "0.1.0", "head": 0, "init": {"video": first} if first else {}}
    save_model(tmp_path / "model.pt", build_network(tiny_run()), tiny_run(), facts)
    init = InitSettings(video=f"{tmp_path}/model.pt", audio=f"{tmp_path}/model.pt")
    found = initialise(build_network(tiny_run()), init, ALONE)
    digest = digest_of(tmp_path / "model.pt")
    assert found == {
        "video": FirstWeights(digest, released=first is not None),
        "audio": FirstWeights(digest, released=False),
    }


def test_two_keys_of_one_weight_are_named(tmp_path: Path) -> None:
    network = r2plus1d_18(weights=None).state_dict()
    torch.save(network | {"module.stem.0.weight": network["stem.0.weight"] + 1}, tmp_path / "a.pth")
    words = "holds the weight stem.0.weight twice, as stem.0.weight and as module.stem.0.weight"
    with pytest.raises(UserError, match=words):
        start(paper_run(modalities=["video"]), video=f"{tmp_path}/a.pth")
