rule assign:
    input:
        model="results/pretrain/{run}/model.pt",
        index=split_index,
        shards=split_shards,
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
    shell:
        "python -m selavi assign --model {input.model} --index {input.index} --csv {output.csv}"
        " --pickle {output.pickle} --workers 1 --log {log}"


rule metrics:
    input:
        assignments="results/assign/{run}/{split}.csv",
    output:
        report(
            "results/metrics/{run}/{split}.csv",
            caption="../report/metrics.rst",
            category="Clustering",
            labels={"run": "{run}", "split": "{split}", "table": "metrics"},
        ),
    log:
        "logs/metrics/{run}/{split}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    shell:
        "python -m selavi metrics --assignments {input.assignments} --output {output} --log {log}"


rule baselines:
    input:
        settings="results/settings/runs/{run}.yaml",
        index=split_index,
        shards=split_shards,
    output:
        report(
            "results/baselines/{run}/{split}.csv",
            caption="../report/baselines.rst",
            category="Clustering",
            labels={"run": "{run}", "split": "{split}", "table": "baselines"},
        ),
    log:
        "logs/baselines/{run}/{split}.log",
    benchmark:
        "results/benchmarks/baselines/{run}/{split}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=3000,
    shell:
        "python -m selavi baselines --settings {input.settings} --index {input.index}"
        " --output {output} --workers 1 --log {log}"
