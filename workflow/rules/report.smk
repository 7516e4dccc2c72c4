localrules:
    tables,
    figures,
    costs,


rule tables:
    input:
        metrics=STAGES["metrics"],
        baselines=STAGES["baselines"],
    output:
        csv=report(
            "results/tables/clustering.csv",
            caption="../report/clustering.rst",
            category="Tables",
            labels={"table": "clustering"},
        ),
        md="results/tables/clustering.md",
    log:
        "logs/tables/clustering.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    params:
        runs=list(RUNS),
    shell:
        "python -m selavi tables --results results --runs {params.runs} --output {output.csv}"
        " --log {log} > /dev/null"


rule figures:
    input:
        log="results/pretrain/{run}/log.csv",
        labels="results/pretrain/{run}/labels.csv",
    output:
        report(
            "results/figures/{run}/training.svg",
            caption="../report/training.rst",
            category="Training",
            labels={"run": "{run}", "figure": "training"},
        ),
    log:
        "logs/figures/{run}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m selavi figures --history {input.log} --labels {input.labels} --output {output} --log {log}"


rule explorer:
    input:
        assignments="results/assign/{run}/train.csv",
        index=train_index,
        shards=split_shards,
    output:
        page="results/explorer/{run}/index.html",
        clips=directory("results/explorer/{run}/clips"),
    log:
        "logs/explorer/{run}.log",
    benchmark:
        "results/benchmarks/explorer/{run}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=1000,
    params:
        clips=SETTINGS.explorer.clips_per_cluster,
        clusters=lambda wildcards: RUNS[wildcards.run].network.clusters,
    shell:
        "python -m selavi explorer --assignments {input.assignments} --index {input.index}"
        " --output {output.page} --title {wildcards.run} --clusters {params.clusters}"
        " --clips-per-cluster {params.clips} --threads {threads} --log {log}"


rule costs:
    input:
        [file for stage, files in STAGES.items() if stage != "costs" for file in files],
    output:
        report(
            "results/tables/costs.csv",
            caption="../report/costs.rst",
            category="Tables",
            labels={"table": "time and memory of each stage"},
        ),
    log:
        "logs/costs.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m selavi costs --benchmarks results/benchmarks --output {output} --log {log}"
