"""Write the rule's parameter `text` to its output; Snakemake puts `snakemake` in front of this."""

from pathlib import Path

Path(snakemake.output[0]).write_text(snakemake.params.text, encoding="utf-8")  # noqa: F821
