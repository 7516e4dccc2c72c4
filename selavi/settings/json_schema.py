"""JSON schema of the configuration file, made from the typed settings."""

import json
from typing import Any

from selavi.settings.config import Config


def json_schema() -> dict[str, Any]:
    """JSON schema of the configuration file.

    Returns
    -------
    dict
        The schema, draft 2020-12.
    """
    schema = Config.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """Content of workflow/schemas/config.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"
