"""The stages, in the order in which data flows through them."""

STAGES = (
    "demo_data", "settings", "manifest", "shard", "import_shards", "index", "subset",
    "list_clips", "embed", "gather_features",
    "pretrain", "import_model", "cluster_features", "assign", "name_clusters", "correct", "map",
    "logits", "metrics", "agreement", "baselines",
    "degrade", "assign_degraded", "evaluate_degraded", "retrieval", "finetune", "tables", "figures",
    "distributions", "tree", "plot_degraded", "neighbours", "explorer", "costs",
)  # fmt: skip
"""Names of rules. A stage's command and its folder have dashes in place of underscores."""
WITHOUT_COMMAND = {"assign_degraded"}
"""Stages that run another stage's command."""
WITHOUT_TARGET = {
    "demo_data",
    "settings",
    "import_shards",
    "subset",
    "list_clips",
    "gather_features",
}
"""Stages that other stages' targets include."""
COMMANDS = tuple(stage.replace("_", "-") for stage in STAGES if stage not in WITHOUT_COMMAND)
TARGETS = tuple(stage for stage in STAGES if stage not in WITHOUT_TARGET)
"""Stages with a target of their own in the workflow, `{stage}_all`."""
