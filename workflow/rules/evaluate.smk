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
