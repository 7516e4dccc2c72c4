"""`selavi label` and the names of its clusters, of which people edit the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selavi import load
from selavi.cli import main
from selavi.files import read_csv
from selavi.label.names import read_names
from selavi.models.checkpoint import load_model, save_model
from tests.reporting.pages import ids_of, read_column, run_of

HEAD = 1


def labelled(videos: Path, model: Path, output: Path) -> pd.DataFrame:
    command = ["label", str(videos), "--model", str(model), "--output", str(output)]
    assert main([*command, "--workers", "1", "--explorer"]) == 0
    return read_csv(output / "labels.csv", ("path", "name", "reason"))


def spread(model: Path, videos: Path, output: Path) -> Path:
    """The network with its mean logits of the videos taken off: else all are in one cluster."""
    network, settings, facts = load_model(model)
    arrays = load(model).features(videos).arrays
    with torch.no_grad():
        for modality in network.modalities:
            last = network.heads[modality][HEAD][-1]
            last.bias -= torch.from_numpy(np.nanmean(arrays[f"logits_{modality}"], axis=0))
    save_model(output, network, settings, facts)
    return output


def renumbered(model: Path, output: Path) -> Path:
    """The same network with other numbers of its clusters, as by another training."""
    network, settings, facts = load_model(model)
    for modality in network.modalities:
        network.permute_head(modality, HEAD, torch.tensor([2, 3, 1, 0]))
    save_model(output, network, settings, facts)
    return output


def test_names_are_edited_and_carried_over(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    videos, out = tmp_path / "videos", tmp_path / "out"
    for n in range(3):
        make_video(videos / f"IMG_{n:04d} quiet.mp4", 2, audio=False, size=f"{64 + 16 * n}x64")
        make_video(videos / f"siren{n}.mp4", 2, hertz=300 + 2000 * n)
    (videos / "broken.mp4").write_bytes(b"no video" * 100)
    model = spread(label_model, videos, tmp_path / "model.pt")
    table = labelled(videos, model, out)
    good = table[table["reason"] == ""]
    used = sorted({int(cluster) for cluster in good["cluster"]})
    assert len(good) == 6 and len(used) > 1
    suggested = read_names(out / "names.csv", HEAD)
    assert good["name"].tolist() == [suggested.get(cluster, "") for cluster in good["cluster"]]

    # A person names the clusters, in a program that writes semicolons.
    written = pd.read_csv(out / "names.csv", keep_default_na=False).set_index("cluster")
    rows = "".join(f"{HEAD};{c};=the {c}th;{written['clips'][c]}\n" for c in used)
    (out / "names.csv").write_text(f"head;cluster;name;clips\n{rows}")
    edited = (out / "names.csv").read_bytes()
    table = labelled(videos, model, out)
    named = table[table["reason"] == ""]
    assert named["name"].tolist() == [f"=the {int(cluster)}th" for cluster in named["cluster"]]
    assert set(table.loc[table["reason"] != "", "name"]) == {""}
    assert (out / "names.csv").read_bytes() == edited
    clusters = read_csv(out / "clusters.csv", ("name",))
    assert sorted(clusters["name"]) == [f"=the {cluster}th" for cluster in used]

    page = out / "explorer/index.html"
    assert run_of(page)["names"] == {str(cluster): f"=the {cluster}th" for cluster in used}
    assigned = dict(
        zip(
            ids_of(page),
            read_column(page, f"cluster-{run_of(page)['selected']}").tolist(),
            strict=True,
        )
    )
    for cluster in used:  # the page's ids are those of names.csv
        assert {assigned[name] for name in written["clips"][cluster].split()} == {cluster}

    table = labelled(videos, renumbered(model, tmp_path / "other.pt"), out)
    other = table[table["reason"] == ""]
    assert other["name"].tolist() == named["name"].tolist()
    assert (other["cluster"].to_numpy() != named["cluster"].to_numpy()).all()
    assert (out / "names.earlier.csv").read_bytes() == edited
    carried = dict(zip(other["cluster"], other["name"], strict=True))
    assert read_names(out / "names.csv", HEAD) == carried


def test_a_wrong_file_of_names_stops_before_the_work(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    video = make_video(tmp_path / "a.mp4", 2)
    out = tmp_path / "out"
    out.mkdir()
    (out / "names.csv").write_text("cluster;name\none;dog\n")
    command = ["label", str(video), "--model", str(label_model), "--output", str(out)]
    assert main(command) == 1
    assert not (out / "windows.csv").exists()
