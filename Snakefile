# Label unlabelled videos: videos -> manifest -> shards -> index -> pretrain -> assign -> results.
from snakemake.utils import min_version

min_version("9.0")


if "datasets" not in config:

    configfile: "config/demo.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"


onstart:
    say_costs()


onerror:
    if "SELAVI_RUN_PIPE" not in os.environ:  # else `selavi run` has said it
        print(last_lines(log), file=sys.stderr)


rule all:
    default_target: True
    input:
        STAGES["tables"],
        STAGES["figures"],
        STAGES["distributions"],
        STAGES["degradation"],
        STAGES["neighbours"],
        STAGES["explorer"],
        STAGES["assign"],
        STAGES["costs"],
        CONFIG,


# `snakemake metrics_all` makes one stage of every run and dataset, and what it needs.
for stage, files in STAGES.items():

    rule:
        name:
            f"{stage}_all"
        input:
            files,
            CONFIG,
