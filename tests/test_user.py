"""Users without a name, and homes that are not there or cannot be written, as in containers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.config_file import write_section
from selavi.settings import RunSettings
from tests.workflow.running import ENVIRONMENT, OVERLAY, REPOSITORY, TINY, copy_workflow

NAMES = ("HOME", "LOGNAME", "USER", "USERNAME", "LNAME", "XDG_CACHE_HOME", "MPLCONFIGDIR")
ABSENT = "/proc/1/home"
"""A home that nobody can make, root neither."""
Say = Callable[..., str]


@pytest.fixture
def nameless(tmp_path: Path) -> Say:
    """Run a command as user 12345, whom the list of users lacks; what it says."""
    user = ["unshare", "--user", "--map-user=12345"]
    if subprocess.run([*user, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine has no user namespaces")
    (tmp_path / "temporary").mkdir()

    def say(*command: str, home: str | None = None, folder: Path = tmp_path) -> str:
        known = {name: value for name, value in ENVIRONMENT.items() if name not in NAMES}
        known |= {"TMPDIR": str(tmp_path / "temporary")} | ({"HOME": home} if home else {})
        done = subprocess.run(
            [*user, *command], cwd=folder, env=known, capture_output=True, text=True, check=False
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output

    return say


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, ABSENT])
def test_stages_whose_libraries_keep_caches_run(
    nameless: Say, home: str | None, tiny_run: Callable[..., RunSettings], train_index: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Torch and numba train, matplotlib draws; `doctor` looks for profiles at home."""
    selavi = (sys.executable, "-m", "selavi")
    settings = tiny_run(training={"epochs": 2}, labelling={"optimisations": 2})
    write_section(tmp_path / "run.yaml", settings)
    output = tmp_path / "made"
    nameless(
        *selavi, "pretrain", "--settings", str(tmp_path / "run.yaml"), "--index",
        str(train_index), "--output", str(output), home=home,
    )  # fmt: skip
    said = nameless(
        *selavi, "figures", "--history", str(output / "log.csv"), "--labels",
        str(output / "labels.csv"), "--index", str(train_index), "--output",
        str(output / "f.svg"), home=home,
    )  # fmt: skip
    assert "loss" in (output / "log.csv").read_text()
    assert "learning rate" in (output / "f.svg").read_text().lower()
    assert "Matplotlib created a temporary" not in said
    nameless(*selavi, "settings", "--configfile", str(REPOSITORY / "config/demo.yaml"), home=home)
    code = "import torch._inductor.runtime.runtime_utils as r; print(r.default_cache_dir())"
    code = f"from selavi.user import settle_user; settle_user(); {code}"
    assert "uid12345" in nameless(sys.executable, "-c", code, home=home)


def test_snakemake_runs_where_home_cannot_be_written(nameless: Say, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    copy_workflow(checkout)
    (checkout / "tiny.yaml").write_text(str(TINY))
    profile = ("snakemake", "--profile", "profiles/local", "--cores", "1", *OVERLAY)
    made = ("results/settings/config.yaml", "results/settings/media/demo.yaml")
    for home in (ABSENT, str(tmp_path / "home")):
        said = nameless(*profile, "--force", "--", *made, home=home, folder=checkout)
        assert "Traceback" not in said
        for file in made:
            (checkout / file).unlink()


def test_make_gives_snakemake_a_home() -> None:
    def home(**environment: str) -> str:
        rest = {name: value for name, value in os.environ.items() if name != "HOME"}
        rule = ["--eval", "say: ; @echo $$HOME", "say"]
        return subprocess.run(
            ["make", "--silent", *rule], cwd=REPOSITORY, env=rest | environment,
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    assert home() == home(HOME=ABSENT) == home(HOME="") == str(REPOSITORY / ".venv/home")
    assert home(HOME="/tmp") == "/tmp"


def test_the_cache_is_nobody_elses(tmp_path: Path) -> None:
    """What lies in it is executed: a folder that others made, or a link, is not taken."""
    code = (
        "import os; from selavi.user import settle_user; settle_user(); "
        "print(os.environ['XDG_CACHE_HOME'])"
    )
    known = {name: value for name, value in os.environ.items() if name not in NAMES}

    def cache() -> Path:
        made = subprocess.run(
            [sys.executable, "-c", code], env=known | {"HOME": ABSENT, "TMPDIR": str(tmp_path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return Path(made.stdout.strip())

    folder = tmp_path / f"selavi-{os.getuid()}"
    assert cache() == cache() == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert cache() != folder
    folder.chmod(0o700)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    other = cache()
    assert other not in (folder, tmp_path / "elsewhere") and other.parent == tmp_path
    assert other.stat().st_mode & 0o777 == 0o700
