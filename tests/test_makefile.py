"""The Makefile in folders, and with environments, of any name."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.mark.parametrize("environment", [".venv", "my env", "elsewhere é/my env"])
def test_an_environment_that_is_there_is_not_made_again(tmp_path: Path, environment: str) -> None:
    folder = tmp_path / "it's mine"
    for name in ("requirements", environment):
        (folder / name).mkdir(parents=True)
    for name in ("requirements/run.txt", "requirements/dev.txt", "pyproject.toml"):
        (folder / name).touch()
    shutil.copy(REPOSITORY / "Makefile", folder)

    # Without what `make test`, which may have started this, tells a make inside it.
    apart = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    apart.pop("MFLAGS", None)

    def plan(target: str) -> str:
        command = ["make", "--dry-run", target, f"VENV={environment}"]
        done = subprocess.run(
            command, cwd=folder, env=apart, capture_output=True, text=True, check=True
        )
        assert "warning" not in done.stderr
        return done.stdout

    assert f'touch "{environment}/.run"' in plan("demo")
    (folder / environment / ".run").touch()
    assert plan("demo") == "selavi run --cores all\n"
