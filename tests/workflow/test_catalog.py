"""The workflow as Snakemake's catalog lists it, and as a module of a workflow elsewhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
import yaml

from tests.workflow.running import ENVIRONMENT, OVERLAY, REPOSITORY, TINY, rules_run

MODULE = f"""
module selavi:
    snakefile: "{REPOSITORY}/workflow/Snakefile"


use rule * from selavi
"""
DEPLOYED = f"""
configfile: "config/config.yaml"


module selavi:
    snakefile: "{REPOSITORY}/workflow/Snakefile"
    config: config


use rule * from selavi
"""


def plain(folder: Path, *arguments: str, environment: dict[str, str] = ENVIRONMENT) -> str:
    """What Snakemake says without our profiles."""
    done = subprocess.run(
        ["snakemake", "--cores", "2", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


def planned(output: str) -> dict[str, int]:
    """How many jobs each rule has in a plan."""
    return {rule: int(jobs) for rule, jobs in re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)}


def test_the_catalog_lists_it() -> None:
    """The catalog's rules, as it tells them under "Adding workflows"."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme and "workflow" in readme
    assert (REPOSITORY / "workflow/Snakefile").is_file()
    assert list((REPOSITORY / "workflow/rules").glob("*.smk"))


def test_the_catalog_has_its_usage() -> None:
    """What "standardized usage" asks for besides, and what its page makes of that."""
    file = REPOSITORY / ".snakemake-workflow-catalog.yml"
    usage = yaml.safe_load(file.read_text(encoding="utf-8"))["usage"]
    assert usage.keys() >= {"mandatory-flags", "software-stack-deployment"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    assert isinstance(usage["mandatory-flags"]["flags"], str | list)
    deployment = usage["software-stack-deployment"]
    assert deployment.keys() <= {"conda", "apptainer", "apptainer+conda", "report"}
    assert any(deployment[way] for way in deployment.keys() - {"report"})
    assert usage["report"] is True
    assert (REPOSITORY / "config/README.md").read_text(encoding="utf-8").startswith("# ")
    schema = json.loads((REPOSITORY / "workflow/schemas/config.schema.json").read_text())
    default = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8"))
    assert default.keys() <= schema["properties"].keys()
    assert default == yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text(encoding="utf-8"))
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert "workflow/Snakefile" in readme and "use rule * from selavi" in readme


def test_both_snakefiles_are_the_same_workflow(checkout: Path) -> None:
    for configuration in ([], OVERLAY):
        root, own = (
            planned(plain(checkout, "-n", *configuration, "--snakefile", name))
            for name in ("Snakefile", "workflow/Snakefile")
        )
        assert root == own
        assert root["all"] == root["pretrain"] == 1


@pytest.mark.parametrize(
    ("text", "configured"), [(MODULE, False), (DEPLOYED, True)], ids=["module", "deployed"]
)
def test_a_module_in_an_empty_folder_plans_the_demo(
    tmp_path: Path, text: str, configured: bool
) -> None:
    """Deployed: with a copy of the configuration, as snakedeploy leaves a folder."""
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow/Snakefile").write_text(text)
    if configured:
        (tmp_path / "config").mkdir()
        shutil.copy(REPOSITORY / "config/config.yaml", tmp_path / "config")
    plan = planned(plain(tmp_path, "-n"))
    assert plan["shard"] == 5
    assert plan["manifest"] == plan["metrics"] == 2
    assert plan["all"] == plan["pretrain"] == plan["tables"] == 1


def test_a_module_from_a_url_plans_the_demo(tmp_path: Path) -> None:
    """As snakedeploy names it: every file, the configuration too, is fetched by Snakemake."""
    handler = partial(SimpleHTTPRequestHandler, directory=REPOSITORY)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "Snakefile").write_text(MODULE.replace(str(REPOSITORY), url))
        try:
            plan = planned(plain(tmp_path, "-n"))
        finally:
            server.shutdown()
    assert plan["shard"] == 5
    assert plan["all"] == plan["pretrain"] == plan["config_settings"] == 1


def test_jobs_of_a_module_find_the_package(tmp_path: Path) -> None:
    """Their Python has what the package needs but not the package, as an environment of conda."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True
    )  # fmt: skip
    (packages,) = (tmp_path / "bare/lib").glob("python*/site-packages")
    places = [place for place in sys.path if place.endswith("-packages")]
    (packages / "needs.pth").write_text("\n".join(places))
    alone = {**ENVIRONMENT, "PATH": f"{tmp_path}/bare/bin{os.pathsep}{ENVIRONMENT['PATH']}"}
    alone.pop("PYTHONPATH", None)
    folder = tmp_path / "own"
    (folder / "config").mkdir(parents=True)
    shutil.copy(REPOSITORY / "config/config.yaml", folder / "config")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    (folder / "Snakefile").write_text(DEPLOYED)
    found = subprocess.run(
        ["python", "-c", "import selavi"],
        cwd=folder, env=alone, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "No module named 'selavi'" in found.stderr
    said = plain(folder, "--configfile", "tiny.yaml", "--", "manifest_all", environment=alone)
    assert {"demo_data", "manifest", "manifest_all"} <= set(rules_run(said))
    manifest = pd.read_csv(folder / "results/manifest/demo/train.csv")
    assert len(manifest) > 30
