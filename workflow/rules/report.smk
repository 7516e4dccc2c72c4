localrules:
    tables,
    figures,


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
    resources:
        mem_mb=500,
    params:
        runs=list(RUNS),
    shell:
        "selavi tables --results results --runs {params.runs} --output {output.csv} --log {log}"


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
    resources:
        mem_mb=500,
    shell:
        "selavi figures --history {input.log} --labels {input.labels} --output {output} --log {log}"


rule explorer:
    input:
        assignments="results/assign/{run}/train.csv",
        index=train_index,
        shards=split_shards,
    output:
        report(
            directory("results/explorer/{run}"),
            htmlindex="index.html",
            caption="../report/explorer.rst",
            category="Explorer",
            labels={"run": "{run}", "page": "clusters to watch and hear"},
        ),
    log:
        "logs/explorer/{run}.log",
    benchmark:
        "results/benchmarks/explorer/{run}.tsv"
    threads: 2
    resources:
        mem_mb=1000,
    params:
        clips=SETTINGS.explorer.clips_per_cluster,
    shell:
        "selavi explorer --assignments {input.assignments} --index {input.index}"
        " --output {output}/index.html --title {wildcards.run}"
        " --clips-per-cluster {params.clips} --threads {threads} --log {log}"
