# The workflow is in workflow/Snakefile, where Snakemake's catalog and modules look for it.
include: "workflow/Snakefile"


workflow.default_target = "all"  # Snakemake forgets that of a file that is included
