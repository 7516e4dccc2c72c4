localrules:
    manifest,
    index,
    subset,
    list_clips,


rule demo_data:
    input:
        settings=lambda wildcards: "results/settings/splits/{}/{}.yaml".format(
            wildcards.dataset, next(iter(DATASETS[wildcards.dataset].splits))
        ),
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
        settings="results/settings/splits/{dataset}/{split}.yaml",
        made=lambda wildcards: PLAN.demo_data(wildcards.dataset),
        added=lambda wildcards: [
            file for file in [added_file(**wildcards)] if file.exists()
        ],
    output:
        manifest="results/manifest/{dataset}/{split}.csv",
        skipped="results/manifest/{dataset}/{split}.skipped.csv",
    log:
        "logs/manifest/{dataset}/{split}.log",
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m selavi manifest --settings {input.settings} --split {wildcards.split}"
        " --output {output.manifest} --skipped {output.skipped} --log {log}"


rule shard:
    input:
        settings=lambda wildcards: (
            f"results/settings/media/{Path(wildcards.place).parent}.yaml"
        ),
        manifest="results/manifest/{place}.csv",
    output:
        tar="results/shards/{place}/{n}.tar",
        table="results/shards/{place}/{n}.csv",
    log:
        "logs/shard/{place}/{n}.log",
    benchmark:
        "results/benchmarks/shard/{place}/{n}.tsv"
    wildcard_constraints:
        place=any_of(PLAN.sharded),
    conda:
        "../envs/selavi.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m selavi shard --settings {input.settings} --manifest {input.manifest}"
        " --shard {wildcards.n} --tar {output.tar} --table {output.table}"
        " --threads {threads} --log {log}"


rule import_shards:
    input:
        settings="results/settings/splits/{place}.yaml",
    output:
        tar="results/shards/{place}/{n}.tar",
        table="results/shards/{place}/{n}.csv",
    log:
        "logs/import-shards/{place}/{n}.log",
    benchmark:
        "results/benchmarks/import-shards/{place}/{n}.tsv"
    wildcard_constraints:
        place=any_of(PLAN.imported),
    conda:
        "../envs/selavi.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        split=lambda wildcards: Path(wildcards.place).name,
        # Not as an input: linked, it has the output's time, which Snakemake renews.
        source=lambda wildcards: INVENTORY.shard_state(
            *wildcards.place.split("/"), int(wildcards.n)
        ),
    shell:
        "python -m selavi import-shards --settings {input.settings} --split {params.split}"
        " --shard {wildcards.n} --tar {output.tar} --table {output.table}"
        " --threads {threads} --log {log}"


rule index:
    input:
        tables=lambda wildcards: PLAN.shards(*Path(wildcards.place).parts, "csv"),
        skipped=lambda wildcards: (
            [f"results/manifest/{wildcards.place}.skipped.csv"]
            if wildcards.place in PLAN.sharded
            else []
        ),
    output:
        index="results/shards/{place}/index.csv",
        rejected=report(
            "results/shards/{place}/rejected.csv",
            caption="../report/rejected.rst",
            category="Data",
            labels={"split": "{place}", "table": "rejected videos"},
        ),
        summary=report(
            "results/shards/{place}/summary.csv",
            caption="../report/summary.rst",
            category="Data",
            labels={"split": "{place}", "table": "summary"},
        ),
    log:
        "logs/index/{place}.log",
    wildcard_constraints:
        place=any_of(PLAN.sharded + PLAN.imported),
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    params:
        folder="results/shards/{place}",
        shards=lambda wildcards, input: len(input.tables),
        skipped=lambda wildcards, input: [f"--skipped={file}" for file in input.skipped],
    shell:
        "python -m selavi index --folder {params.folder} --shards {params.shards}"
        " --output {output.index} --rejected {output.rejected} --summary {output.summary}"
        " {params.skipped} --log {log}"


rule subset:
    input:
        settings="results/settings/splits/{place}.yaml",
        parent=lambda wildcards: (
            f"results/shards/{PLAN.shard_owner(*wildcards.place.split('/'))}/index.csv"
        ),
    output:
        index="results/shards/{place}/index.csv",
        rejected=report(
            "results/shards/{place}/rejected.csv",
            caption="../report/rejected.rst",
            category="Data",
            labels={"split": "{place}", "table": "rejected videos"},
        ),
        summary=report(
            "results/shards/{place}/summary.csv",
            caption="../report/summary.rst",
            category="Data",
            labels={"split": "{place}", "table": "summary"},
        ),
    log:
        "logs/subset/{place}.log",
    wildcard_constraints:
        place=any_of(PLAN.subsets),
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    params:
        split=lambda wildcards: Path(wildcards.place).name,
    shell:
        "python -m selavi subset --settings {input.settings} --split {params.split}"
        " --parent {input.parent} --output {output.index} --rejected {output.rejected}"
        " --summary {output.summary} --log {log}"


rule list_clips:
    input:
        settings="results/settings/splits/{place}.yaml",
    output:
        index="results/shards/{place}/index.csv",
        rejected=report(
            "results/shards/{place}/rejected.csv",
            caption="../report/rejected.rst",
            category="Data",
            labels={"split": "{place}", "table": "rejected videos"},
        ),
        summary=report(
            "results/shards/{place}/summary.csv",
            caption="../report/summary.rst",
            category="Data",
            labels={"split": "{place}", "table": "summary"},
        ),
    log:
        "logs/list-clips/{place}.log",
    wildcard_constraints:
        place=any_of(PLAN.listed),
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=1000,
    params:
        split=lambda wildcards: Path(wildcards.place).name,
    shell:
        "python -m selavi list-clips --settings {input.settings} --split {params.split}"
        " --output {output.index} --rejected {output.rejected} --summary {output.summary} --log {log}"


# Features of the clips of a shard; a plug-in may take a GPU.
rule embed:
    input:
        settings="results/settings/embedders/{encoder}/{modality}.yaml",
        files=lambda wildcards: embedder_files(
            SETTINGS, wildcards.encoder, wildcards.modality
        ),
        tar="results/shards/{place}/{n}.tar",
        table="results/shards/{place}/{n}.csv",
    output:
        "results/embed/{encoder}/{modality}/{place}/{n}.npz",
    log:
        "logs/embed/{encoder}/{modality}/{place}/{n}.log",
    benchmark:
        "results/benchmarks/embed/{encoder}/{modality}/{place}/{n}.tsv"
    conda:
        "../envs/selavi.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    shell:
        "python -m selavi embed --settings {input.settings} --tar {input.tar}"
        " --table {input.table} --output {output} --threads {threads} --log {log}"


# Features that are given, by each clip's name, in the order of the index.
rule gather_features:
    input:
        index="results/shards/{place}/index.csv",
        files=lambda wildcards: feature_inputs_of(wildcards).files,
        others=lambda wildcards: feature_inputs_of(wildcards).others,
    output:
        features="results/gather-features/{encoder}/{place}/{modality}.npy",
        clips="results/gather-features/{encoder}/{place}/{modality}.csv",
    log:
        "logs/gather-features/{encoder}/{place}/{modality}.log",
    benchmark:
        "results/benchmarks/gather-features/{encoder}/{place}/{modality}.tsv"
    conda:
        "../envs/selavi.yaml"
    resources:
        mem_mb=2000,
    params:
        source=lambda wildcards: feature_inputs_of(wildcards).source,
    shell:
        "python -m selavi gather-features --source {params.source:q} --index {input.index}"
        " --others {input.others} --output {output.features} --log {log}"
