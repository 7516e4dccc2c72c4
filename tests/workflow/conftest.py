from pathlib import Path

import pytest
import yaml

from tests.workflow.running import TINY, copy_workflow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Snakemake needs of the repository, and a tiny configuration laid over the demo's."""
    folder = copy_workflow(tmp_path_factory.mktemp("checkout"))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return folder
