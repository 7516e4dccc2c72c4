localrules:
    dataset_settings,
    manifest,
    index,


rule dataset_settings:
    output:
        "results/settings/datasets/{dataset}.yaml",
    log:
        "logs/settings/datasets/{dataset}.log",
    conda:
        "../envs/selavi.yaml"
    params:
        text=lambda wildcards: config_file.section_text(DATASETS[wildcards.dataset]),
    shell:
        "printf '%s' {params.text:q} > {output} 2> {log}"


rule demo_data:
    input:
        settings="results/settings/datasets/{dataset}.yaml",
    output:
        "results/demo-data/{dataset}.csv",
    log:
        "logs/demo-data/{dataset}.log",
    benchmark:
        "results/benchmarks/demo-data/{dataset}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=1000,
    shell:
        "python -m selavi demo-data --settings {input.settings} --output {output}"
        " --workers {threads} --log {log}"


rule manifest:
    input:
        settings="results/settings/datasets/{dataset}.yaml",
        made=lambda wildcards: (
            ["results/demo-data/{dataset}.csv"]
            if DATASETS[wildcards.dataset].embedded
            else []
        ),
    output:
        "results/manifest/{dataset}/{split}.csv",
    log:
        "logs/manifest/{dataset}/{split}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m selavi manifest --settings {input.settings} --split {wildcards.split}"
        " --output {output} --log {log}"


rule shard:
    input:
        settings="results/settings/datasets/{dataset}.yaml",
        manifest="results/manifest/{dataset}/{split}.csv",
    output:
        tar="results/shards/{dataset}/{split}/{n}.tar",
        table="results/shards/{dataset}/{split}/{n}.csv",
    log:
        "logs/shard/{dataset}/{split}/{n}.log",
    benchmark:
        "results/benchmarks/shard/{dataset}/{split}/{n}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m selavi shard --settings {input.settings} --manifest {input.manifest}"
        " --shard {wildcards.n} --tar {output.tar} --table {output.table}"
        " --threads {threads} --log {log}"


rule index:
    input:
        tables=lambda wildcards: shard_files(wildcards.dataset, wildcards.split, "csv"),
    output:
        index="results/shards/{dataset}/{split}/index.csv",
        rejected=report(
            "results/shards/{dataset}/{split}/rejected.csv",
            caption="../report/rejected.rst",
            category="Data",
            labels={
                "dataset": "{dataset}",
                "split": "{split}",
                "table": "videos set aside",
            },
        ),
    log:
        "logs/index/{dataset}/{split}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m selavi index --tables {input.tables} --output {output.index}"
        " --rejected {output.rejected} --log {log}"
