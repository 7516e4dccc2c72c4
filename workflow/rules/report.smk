localrules:
    tables,
    figures,
    costs,
    distributions,
    agreement,
    tree,
    plot_degraded,
    neighbours,


rule tables:
    input:
        scored=files_of(*SCORED),
        config=CONFIG,
    output:
        clustering=report(
            "results/tables/clustering.html",
            caption="../report/clustering.rst",
            category="Tables",
            labels={"table": "clustering"},
        ),
        methods=report(
            "results/tables/methods.html",
            caption="../report/methods.rst",
            category="Tables",
            labels={"table": "methods"},
        ),
        baselines=report(
            "results/tables/baselines.html",
            caption="../report/baselines_table.rst",
            category="Tables",
            labels={"table": "baselines"},
        ),
        ablation=report(
            "results/tables/ablation.html",
            caption="../report/ablation.rst",
            category="Tables",
            labels={"table": "ablation"},
        ),
        degraded=report(
            "results/tables/degraded.html",
            caption="../report/degraded_table.rst",
            category="Tables",
            labels={"table": "degraded"},
        ),
        retrieval=report(
            "results/tables/retrieval.html",
            caption="../report/retrieval_table.rst",
            category="Tables",
            labels={"table": "retrieval"},
        ),
        finetune=report(
            "results/tables/finetune.html",
            caption="../report/finetune_table.rst",
            category="Tables",
            labels={"table": "finetune"},
        ),
        texts=expand(
            "results/tables/{name}.{kind}", name=TABLES, kind=["csv", "md", "tex"]
        ),
    log:
        "logs/tables.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    params:
        folder=lambda wildcards, output: Path(output.clustering).parent,
    shell:
        "python -m selavi tables --results results --output {params.folder} --log {log} > /dev/null"


rule figures:
    input:
        log="results/pretrain/{run}/log.csv",
        labels="results/pretrain/{run}/labels.csv",
        index=train_index,
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
    params:
        epochs=lambda wildcards, input: Path(input.log).with_name("epoch-labels"),
    shell:
        "python -m selavi figures --history {input.log} --labels {input.labels} --index {input.index}"
        " --epochs {params.epochs} --output {output} --log {log}"


rule distributions:
    input:
        model="results/pretrain/{run}/model.pt",
        labels="results/pretrain/{run}/labels.csv",
        names="results/name-clusters/{run}.csv",
    output:
        csv="results/distributions/{run}.csv",
        figure=report(
            "results/figures/{run}/distributions.svg",
            caption="../report/distributions.rst",
            category="Training",
            labels={"run": "{run}", "figure": "cluster sizes"},
        ),
    log:
        "logs/distributions/{run}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    shell:
        "python -m selavi distributions --model {input.model} --labels {input.labels}"
        " --names {input.names} --output {output.csv} --figure {output.figure} --log {log}"


# Which modality decides.
rule agreement:
    input:
        "results/assign/{run}/train.csv",
    output:
        clusters="results/agreement/{run}.csv",
        clips="results/agreement/{run}-clips.csv",
    log:
        "logs/agreement/{run}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=2000,
    shell:
        "python -m selavi agreement --assignments {input} --clusters {output.clusters}"
        " --clips {output.clips} --log {log}"


# Heads of several numbers of clusters: which number they agree on, and how clusters divide.
rule tree:
    input:
        "results/assign/{run}/train.csv",
    output:
        tree="results/tree/{run}.csv",
        levels="results/tree/{run}-levels.csv",
        figure=report(
            "results/figures/{run}/tree.svg",
            caption="../report/tree.rst",
            category="Training",
            labels={"run": "{run}", "figure": "numbers of clusters"},
        ),
    log:
        "logs/tree/{run}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=2000,
    shell:
        "python -m selavi tree --assignments {input} --output {output.tree}"
        " --levels {output.levels} --figure {output.figure} --log {log}"


rule plot_degraded:
    input:
        files_of("evaluate_degraded"),
    output:
        report(
            "results/figures/degraded.svg",
            caption="../report/plot_degraded.rst",
            category="Robustness",
            labels={"figure": "degraded"},
        ),
    log:
        "logs/plot-degraded.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m selavi plot-degraded --tables {input} --output {output} --log {log}"


rule neighbours:
    input:
        neighbours="results/retrieval/{run}/{dataset}/{fold}-neighbours.csv",
        gallery=fold_index(0),
        queries=fold_index(1),
        shards=fold_shards,
    output:
        report(
            "results/figures/{run}/neighbours-{dataset}-{fold}.png",
            caption="../report/neighbours.rst",
            category="Transfer",
            labels={"run": "{run}", "dataset": "{dataset}", "figure": "neighbours"},
        ),
    log:
        "logs/neighbours/{run}/{dataset}/{fold}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    params:
        pictures=SETTINGS.retrieval.pictures,
    shell:
        "python -m selavi neighbours --neighbours {input.neighbours} --gallery {input.gallery}"
        " --queries {input.queries} --output {output} --count {params.pictures} --log {log}"


rule explorer:
    input:
        unpack(insight),
        assignments="results/assign/{run}/train.csv",
        names="results/name-clusters/{run}.csv",
        map="results/map/{run}.npz",
        index=train_index,
        shards=split_shards,
        corrections=corrections,
    output:
        page="results/explorer/{run}/index.html",
        script="results/explorer/{run}/page.js",
        style="results/explorer/{run}/page.css",
        columns=directory("results/explorer/{run}/data"),
        clips=directory("results/explorer/{run}/clips"),
    log:
        "logs/explorer/{run}.log",
    benchmark:
        "results/benchmarks/explorer/{run}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=2000,
    params:
        clips=SETTINGS.explorer.clips_per_cluster,
        megabytes=SETTINGS.explorer.max_megabytes,
        insight=insight_flags,
        corrections=corrections_flag,
        clusters=clusters_flag,
    shell:
        "python -m selavi explorer --assignments {input.assignments} --index {input.index}"
        " --names {input.names} --map {input.map} --output {output.page} --title {wildcards.run} {params.clusters}"
        " --clips-per-cluster {params.clips} --max-megabytes {params.megabytes} {params.insight:q}"
        " {params.corrections:q} --threads {threads} --log {log}"


rule costs:
    input:
        files_of(*(s for s in TARGETS if s not in ("costs", "tables", *ON_REQUEST))),
    output:
        csv="results/tables/costs.csv",
        page=report(
            "results/tables/costs.html",
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
        "python -m selavi costs --benchmarks results/benchmarks --output {output.csv} --page {output.page}"
        " --log {log}"
