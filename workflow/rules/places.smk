# Where things are, also where the workflow runs in a folder that is not its own.
import os
import sys
from pathlib import Path

# A checkout's own package is used here and by jobs: an environment of conda has only what it needs.
CHECKOUT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
IMPORTS = "PYTHONPATH"
if (CHECKOUT / "selavi/__init__.py").is_file():
    sys.path.insert(0, str(CHECKOUT))
    earlier = filter(None, [os.environ.get(IMPORTS)])
    os.environ[IMPORTS] = os.pathsep.join([str(CHECKOUT), *earlier])

TEXT = workflow.source_path("../templates/text.j2")  # nothing but a text


def default_config():
    """The demo's configuration: the one of this folder, else the workflow's own."""
    here = Path("config/demo.yaml")
    return here if here.exists() else workflow.source_path("../../config/demo.yaml")
