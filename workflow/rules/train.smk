localrules:
    import_model,


# The resumable state, results/pretrain/{run}/state, is no declared output: Snakemake deletes those
# of a job that fails, and the next attempt resumes from it.
#
# A group of processes, as finetune: on one machine one for each GPU, or one (see `processes`); over
# the nodes of a Slurm job as many tasks as the profile says. That the resource mpi is there at all,
# be it empty, makes the Slurm executor run this shell once, on the job's first node; the launcher
# starts the others.
rule pretrain:
    input:
        settings="results/settings/runs/{run}.yaml",
        machine=ancient("results/settings/machine/runs/{run}.yaml"),
        index=train_index,
        shards=split_shards,
        features=given_features,
        init=lambda wildcards: PLAN.init_files(wildcards.run),
    output:
        model="results/pretrain/{run}/model.pt",
        log="results/pretrain/{run}/log.csv",
        labels="results/pretrain/{run}/labels.csv",
        config="results/pretrain/{run}/config.yaml",
    log:
        "logs/pretrain/{run}.log",
    benchmark:
        "results/benchmarks/pretrain/{run}.tsv"
    wildcard_constraints:
        run=any_of(PLAN.trained),
    conda:
        "../envs/selavi.yaml"
    threads: lambda wildcards: max(2, RUNS[wildcards.run].machine.workers)
    resources:
        mem_mb=4000,
        device=device,
        nodes=1,
        tasks=processes,
        mpi="",
    params:
        folder=lambda wildcards, output: Path(output.model).parent,
        features=features_flags,
    shell:
        "python -m selavi launch --nodes {resources.nodes} --processes {resources.tasks}"
        " --threads {threads} --state {params.folder}/state -- pretrain"
        " --settings {input.settings} --machine {input.machine} --index {input.index} --output {params.folder}"
        " {params.features} --max-workers {threads} --log {log}"


# The model of a run that is not trained. A mistake is told at once: this needs no videos.
rule import_model:
    input:
        settings="results/settings/runs/{run}.yaml",
        weights=lambda wildcards: PLAN.given[wildcards.run],
    output:
        model="results/pretrain/{run}/model.pt",
        config="results/pretrain/{run}/config.yaml",
    log:
        "logs/import-model/{run}.log",
    wildcard_constraints:
        run=any_of(PLAN.given),
    priority: 10
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=2000,
    params:
        folder=lambda wildcards, output: Path(output.model).parent,
    shell:
        "python -m selavi import-model --settings {input.settings} --output {params.folder}"
        " --log {log}"


# The clusters of a run without a network, from features alone.
rule cluster_features:
    input:
        settings="results/settings/runs/{run}.yaml",
        index=train_index,
        features=given_features,
    output:
        clustering="results/cluster-features/{run}/clustering.pt",
        candidates=report(
            "results/cluster-features/{run}/candidates.csv",
            caption="../report/cluster_features.rst",
            category="Clustering",
            labels={"run": "{run}", "table": "candidates"},
        ),
    log:
        "logs/cluster-features/{run}.log",
    benchmark:
        "results/benchmarks/cluster-features/{run}.tsv"
    wildcard_constraints:
        run=any_of(PLAN.clustered),
    conda:
        "../envs/selavi.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        features=features_flags,
    shell:
        "python -m selavi cluster-features --settings {input.settings} --index {input.index}"
        " --output {output.clustering} --candidates {output.candidates} {params.features}"
        " --log {log}"
