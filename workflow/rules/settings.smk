# The settings of each stage in a file of its own, so that a change remakes only what depends on it.
localrules:
    split_settings,
    media_settings,
    run_settings,
    embedder_settings,
    protocol_settings,
    run_machine,
    stage_machine,
    config_settings,


# One file for each split, and one for media: another split does not make shards again.
rule split_settings:
    output:
        "results/settings/splits/{dataset}/{split}.yaml",
    log:
        "logs/settings/splits/{dataset}/{split}.log",
    conda:
        "../envs/selavi.yaml"
    params:
        text=lambda wildcards: INVENTORY.settings_text(**wildcards),
    shell:
        "printf '%s' {params.text:q} > {output} 2> {log}"


use rule split_settings as media_settings with:
    output:
        "results/settings/media/{dataset}.yaml",
    log:
        "logs/settings/media/{dataset}.log",
    params:
        text=lambda wildcards: config_file.section_text(
            DATASETS[wildcards.dataset].media
        ),


use rule split_settings as run_settings with:
    output:
        "results/settings/runs/{run}.yaml",
    log:
        "logs/settings/runs/{run}.log",
    params:
        text=lambda wildcards: config_file.section_text(
            RUNS[wildcards.run], without={"machine"}
        ),


use rule split_settings as embedder_settings with:
    output:
        "results/settings/embedders/{encoder}/{modality}.yaml",
    log:
        "logs/settings/embedders/{encoder}/{modality}.log",
    params:
        text=lambda wildcards: config_file.section_text(
            embedder_of(SETTINGS, wildcards.encoder, wildcards.modality)
        ),


# How a stage judges, without what it judges: one more run or dataset, and the others stay.
use rule split_settings as protocol_settings with:
    output:
        "results/settings/protocols/{stage}.yaml",
    log:
        "logs/settings/protocols/{stage}.log",
    params:
        text=lambda wildcards: config_file.section_text(
            getattr(SETTINGS, wildcards.stage),
            without={"runs", "datasets", "pictures", "machine"},
        ),


# `ancient` inputs of the stages: another number of workers does not train again.
use rule split_settings as run_machine with:
    output:
        "results/settings/machine/runs/{run}.yaml",
    log:
        "logs/settings/machine/runs/{run}.log",
    params:
        text=lambda wildcards: config_file.section_text(RUNS[wildcards.run].machine),


use rule split_settings as stage_machine with:
    output:
        "results/settings/machine/{stage}.yaml",
    log:
        "logs/settings/machine/{stage}.log",
    params:
        text=lambda wildcards: config_file.section_text(
            getattr(SETTINGS, wildcards.stage).machine
        ),


# By a template: of many runs the text would be longer than a command may be.
rule config_settings:
    input:
        TEXT,
    output:
        CONFIG,
    log:
        "logs/settings/config.log",
    params:
        text=lambda wildcards: config_file.section_text(PLAN.resolved_config()),
    template_engine:
        "jinja2"
