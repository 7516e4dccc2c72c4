localrules:
    evaluate_degraded,


rule degrade:
    input:
        index="results/shards/{dataset}/{split}/index.csv",
        shards=lambda wildcards: PLAN.shards(wildcards.dataset, wildcards.split),
    output:
        tar="results/degrade/{dataset}/{split}/{level}.tar",
        table="results/degrade/{dataset}/{split}/{level}.csv",
    log:
        "logs/degrade/{dataset}/{split}/{level}.log",
    benchmark:
        "results/benchmarks/degrade/{dataset}/{split}/{level}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=1000,
    params:
        level=level_flags,
    shell:
        "python -m selavi degrade --index {input.index} --tar {output.tar} --table {output.table}"
        " {params.level} --threads {threads} --log {log}"


rule assign_degraded:
    input:
        model="results/pretrain/{run}/model.pt",
        index=degraded_clips("csv"),
        shard=degraded_clips("tar"),
    output:
        csv="results/assign-degraded/{run}/{level}.csv",
        pickle="results/assign-degraded/{run}/{level}.pkl",
    log:
        "logs/assign-degraded/{run}/{level}.log",
    benchmark:
        "results/benchmarks/assign-degraded/{run}/{level}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        device=device,
    shell:
        "python -m selavi assign --model {input.model} --index {input.index} --csv {output.csv}"
        " --pickle {output.pickle} --workers {threads} --log {log}"


rule evaluate_degraded:
    input:
        assignments=lambda wildcards: (
            f"results/assign/{wildcards.run}/{SETTINGS.degrade.split}.csv"
        ),
        index=degraded_index,
        degraded=lambda wildcards: PLAN.degraded(
            "results/assign-degraded/{run}/{level}.csv", [wildcards.run]
        ),
        tables=lambda wildcards: PLAN.degraded(
            "results/degrade/{dataset}/{split}/{level}.csv", [wildcards.run]
        ),
    output:
        report(
            "results/evaluate-degraded/{run}.csv",
            caption="../report/evaluate_degraded.rst",
            category="Robustness",
            labels={"run": "{run}", "table": "degraded clips"},
        ),
    log:
        "logs/evaluate-degraded/{run}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    params:
        dataset=lambda wildcards: RUNS[wildcards.run].dataset,
        split=SETTINGS.degrade.split,
    shell:
        "python -m selavi evaluate-degraded --assignments {input.assignments} --index {input.index}"
        " --degraded {input.degraded} --tables {input.tables} --output {output}"
        " --dataset {params.dataset} --split {params.split} --log {log}"
