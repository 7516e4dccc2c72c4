localrules:
    name_clusters,
    correct,
    evaluate_degraded,


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
    params:
        dataset=lambda wildcards: RUNS[wildcards.run].dataset,
    shell:
        "python -m selavi metrics --assignments {input.assignments} --output {output}"
        " --dataset {params.dataset} --split {wildcards.split} --log {log}"


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


rule baselines:
    input:
        settings="results/settings/protocols/baselines.yaml",
        features=lambda wildcards: PLAN.feature_files(wildcards.run, wildcards.split),
        model="results/pretrain/{run}/model.pt",
        index=split_index,
        shards=split_shards,
        given=given_features,
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
        device=device,
    params:
        given=features_flags,
        dataset=lambda wildcards: RUNS[wildcards.run].dataset,
    shell:
        "python -m selavi baselines --settings {input.settings} --model {input.model}"
        " --index {input.index} --output {output} --run {wildcards.run}"
        " --dataset {params.dataset} --split {wildcards.split} {params.given} --workers {threads} --log {log}"


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


rule retrieval:
    input:
        settings="results/settings/protocols/retrieval.yaml",
        machine=ancient("results/settings/machine/retrieval.yaml"),
        model="results/pretrain/{run}/model.pt",
        gallery=fold_index(0),
        queries=fold_index(1),
        shards=fold_shards,
    output:
        recalls=report(
            "results/retrieval/{run}/{dataset}/{fold}.csv",
            caption="../report/retrieval.rst",
            category="Transfer",
            labels={"run": "{run}", "dataset": "{dataset}", "table": "retrieval"},
        ),
        neighbours="results/retrieval/{run}/{dataset}/{fold}-neighbours.csv",
    log:
        "logs/retrieval/{run}/{dataset}/{fold}.log",
    benchmark:
        "results/benchmarks/retrieval/{run}/{dataset}/{fold}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: max(2, SETTINGS.retrieval.machine.workers)
    resources:
        mem_mb=6000,
        device=device,
    shell:
        "python -m selavi retrieval --settings {input.settings} --machine {input.machine}"
        " --model {input.model}"
        " --gallery {input.gallery} --queries {input.queries} --output {output.recalls}"
        " --neighbours {output.neighbours} --max-workers {threads} --log {log}"


# As with pretrain, the checkpoints, {fold}.state, are no declared output, and the launcher
# starts the processes.
rule finetune:
    input:
        settings="results/settings/protocols/finetune.yaml",
        machine=ancient("results/settings/machine/finetune.yaml"),
        model="results/pretrain/{run}/model.pt",
        train=fold_index(0),
        test=fold_index(1),
        shards=fold_shards,
    output:
        report(
            "results/finetune/{run}/{dataset}/{fold}.csv",
            caption="../report/finetune.rst",
            category="Transfer",
            labels={"run": "{run}", "dataset": "{dataset}", "table": "finetuning"},
        ),
    log:
        "logs/finetune/{run}/{dataset}/{fold}.log",
    benchmark:
        "results/benchmarks/finetune/{run}/{dataset}/{fold}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: max(2, SETTINGS.finetune.machine.workers)
    resources:
        mem_mb=4000,
        device=device,
        nodes=1,
        tasks=processes,
        mpi="",
    params:
        state=lambda wildcards, output: Path(output[0]).with_suffix(".state"),
    shell:
        "python -m selavi launch --nodes {resources.nodes} --processes {resources.tasks}"
        " --threads {threads} --state {params.state} -- finetune --settings {input.settings}"
        " --machine {input.machine} --model {input.model} --train {input.train} --test {input.test} --output {output}"
        " --max-workers {threads} --log {log}"
