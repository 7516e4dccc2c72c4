localrules:
    name_clusters,
    correct,


rule assign:
    input:
        model=lambda wildcards: PLAN.model_of(wildcards.run),
        index=split_index,
        shards=split_shards,
        given=given_features,
    output:
        csv="results/assign/{run}/{split}.csv",
        pickle="results/assign/{run}/{split}.pkl",
    log:
        "logs/assign/{run}/{split}.log",
    benchmark:
        "results/benchmarks/assign/{run}/{split}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        device=device,
    params:
        given=features_flags,
    shell:
        "python -m selavi assign --model {input.model} --index {input.index} --csv {output.csv}"
        " --pickle {output.pickle} {params.given} --workers {threads} --log {log}"


rule name_clusters:
    input:
        assignments="results/assign/{run}/train.csv",
        names=lambda wildcards: RUNS[wildcards.run].names or [],
        corrections=corrections,
    output:
        "results/name-clusters/{run}.csv",
    log:
        "logs/name-clusters/{run}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    params:
        clusters=clusters_flag,
        names=lambda wildcards, input: [f"--names={input.names}"] * bool(input.names),
        corrections=corrections_flag,
    shell:
        "python -m selavi name-clusters --assignments {input.assignments} --output {output}"
        " {params.clusters} {params.names:q} {params.corrections:q} --log {log}"


rule correct:
    input:
        assignments=lambda wildcards: expand(
            "results/assign/{run}/{split}.csv",
            run=wildcards.run,
            split=assigned_splits(wildcards),
        ),
        names="results/name-clusters/{run}.csv",
        corrections=corrections,
    output:
        csv="results/correct/{run}/{split}.csv",
        scores=report(
            "results/correct/{run}/scores/{split}.csv",
            caption="../report/correct.rst",
            category="Clustering",
            labels={
                "run": "{run}",
                "split": "{split}",
                "table": "corrected by a person",
            },
        ),
    log:
        "logs/correct/{run}/{split}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    params:
        clusters=clusters_flag,
        place=lambda wildcards: assigned_splits(wildcards).index(wildcards.split),
    shell:
        "python -m selavi correct --assignments {input.assignments} --split {params.place}"
        " --corrections {input.corrections:q} --names {input.names} --output {output.csv}"
        " --scores {output.scores} {params.clusters} --log {log}"


# Positions in the plane, for the page.
rule map:
    input:
        model=lambda wildcards: PLAN.model_of(wildcards.run),
        index=train_index,
        shards=split_shards,
        given=given_features,
    output:
        "results/map/{run}.npz",
    log:
        "logs/map/{run}.log",
    benchmark:
        "results/benchmarks/map/{run}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        device=device,
    params:
        given=features_flags,
    shell:
        "python -m selavi map --model {input.model} --index {input.index} --output {output}"
        " {params.given} --workers {threads} --log {log}"


rule logits:
    input:
        model="results/pretrain/{run}/model.pt",
        index=split_index,
        shards=split_shards,
        given=given_features,
    output:
        "results/logits/{run}/{split}.pt",
    log:
        "logs/logits/{run}/{split}.log",
    benchmark:
        "results/benchmarks/logits/{run}/{split}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=12000,
        device=device,
    params:
        given=features_flags,
    shell:
        "python -m selavi logits --model {input.model} --index {input.index} --output {output}"
        " {params.given} --workers {threads} --log {log}"
