# The checked settings, the plan that follows from them, and the input functions of the rules.
from selavi import config_file
from selavi.cluster.failures import last_lines
from selavi.data.features.inputs import embedder_files, embedder_of, feature_inputs
from selavi.formulas import RAW
from selavi.inventory import Inventory, added_file
from selavi.preflight.needed_weights import require_weights
from selavi.plan import CONFIG, ON_REQUEST, SCORED, TABLES, Plan
from selavi.settings import Config, fold_splits, without_removed
from selavi.stages import TARGETS
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

try:
    for path in workflow.configfiles:
        config_file.read_yaml(
            Path(path)
        )  # Snakemake takes the last of keys given twice
    SETTINGS = config_file.parse(config, Config, "configuration")
except ValueError as error:
    raise WorkflowError(str(error)) from None
validate(without_removed(config), "../schemas/config.schema.json", set_default=False)

# Jobs inherit it, also those of a cluster, which read this file again.
os.environ[RAW] = "1" if SETTINGS.raw_csv else ""

DATASETS, RUNS = SETTINGS.datasets, SETTINGS.runs
INVENTORY = Inventory(SETTINGS)
PLAN = Plan(SETTINGS, INVENTORY.has_classes)

# Jobs read this file again, and would look through the folders again.
if workflow.is_main_process:
    try:
        require_weights(PLAN)
        INVENTORY.check()
        # `selavi run` says so where jobs are to run; Snakemake does not tell so early.
        for line in INVENTORY.changes(add="SELAVI_RUN_PIPE" in os.environ):
            print(line, file=sys.stderr)
    except ValueError as error:
        raise WorkflowError(str(error)) from None

if any(word.partition("=")[0] == "--report" for word in sys.argv):
    try:
        PLAN.require_results(Path())  # Snakemake says which file it lacks and not why
    except ValueError as error:
        raise WorkflowError(str(error)) from None


def files_of(*stages):
    """Input function: the files of these stages; only a job that needs them asks for classes."""
    return lambda wildcards: PLAN.files_of(*stages)


def index_of(dataset, split):
    return f"results/shards/{dataset}/{split}/index.csv"


def split_index(wildcards):
    """Index of the split that a run is evaluated on."""
    return index_of(RUNS[wildcards.run].dataset, wildcards.split)


def train_index(wildcards):
    return index_of(RUNS[wildcards.run].dataset, "train")


def degraded_index(wildcards):
    """Index of the split that a run's degraded clips are made from."""
    return index_of(RUNS[wildcards.run].dataset, SETTINGS.degrade.split)


def fold_index(place):
    """Input function: index of a fold's training (0) or test split (1)."""
    return lambda wildcards: index_of(
        wildcards.dataset, fold_splits(int(wildcards.fold))[place]
    )


def split_shards(wildcards):
    """Shards of the split that a run is evaluated on; `train` where the rule has no split."""
    split = getattr(wildcards, "split", "train")
    return PLAN.shards(RUNS[wildcards.run].dataset, split)


def given_features(wildcards):
    """What a run with a frozen encoder sees of a split; `train` where the rule has no split."""
    split = getattr(wildcards, "split", "train")
    return list(PLAN.given_features(wildcards.run, split).values())


def features_flags(wildcards):
    """The same as arguments of `selavi pretrain` and others."""
    split = getattr(wildcards, "split", "train")
    features = PLAN.given_features(wildcards.run, split)
    return [f"--features={modality}={file}" for modality, file in features.items()]


def feature_inputs_of(wildcards):
    """What the features of a split by an encoder are gathered from."""
    place = wildcards.place.split("/")
    return feature_inputs(DATASETS, wildcards.encoder, *place, wildcards.modality)


def clusters_flag(wildcards):
    """A run's number of clusters, unless it is selected from several."""
    clusters = RUNS[wildcards.run].network.clusters
    return f"--clusters={clusters}" if isinstance(clusters, int) else ""


def corrections(wildcards):
    """A run's file of corrections, if it has one."""
    return RUNS[wildcards.run].corrections or []


def corrections_flag(wildcards):
    """The same as commands take it."""
    return [f"--corrections={file}" for file in [corrections(wildcards)] if file]


def assigned_splits(wildcards):
    """The splits of a run's dataset, first `train`, the one that the page shows."""
    splits = DATASETS[RUNS[wildcards.run].dataset].splits
    return ["train", *(split for split in splits if split != "train")]


def insight(wildcards):
    """What other stages say of a run, for its page: those of its files that the plan has."""
    run = wildcards.run
    found = {
        stage: [
            f for f in PLAN.files_of(stage) if f.startswith(f"results/{stage}/{run}/")
        ]
        for stage in ("metrics", "baselines")
    }
    if run in PLAN.trained:
        found["training_log"] = [f"results/pretrain/{run}/log.csv"]
        found["distributions"] = [f"results/distributions/{run}.csv"]
    if f"results/tree/{run}.csv" in PLAN.files_of("tree"):
        found["levels"] = [f"results/tree/{run}-levels.csv"]
    if RUNS[run].corrections:
        found["corrected"] = [
            f"results/correct/{run}/scores/{Path(f).name}" for f in found["metrics"]
        ]
    found["seeds"] = [
        f"results/assign/{other}/train.csv" for other in SETTINGS.other_seeds(run)
    ]
    return {name: files for name, files in found.items() if files}


def insight_flags(wildcards):
    """The same as `selavi explorer` takes them."""
    return [
        word
        for name, files in insight(wildcards).items()
        for word in (f"--{name.replace('_', '-')}", *files)
    ]


def fold_shards(wildcards):
    """Shards of both splits of a fold."""
    return PLAN.fold_shards(wildcards.dataset, int(wildcards.fold))


def degraded_clips(suffix):
    """Input function: clips of a level of a run's dataset, or their index."""
    return lambda wildcards: "results/degrade/{}/{}/{}.{}".format(
        RUNS[wildcards.run].dataset, SETTINGS.degrade.split, wildcards.level, suffix
    )


def level_flags(wildcards):
    """A level as `selavi degrade` takes it."""
    level = PLAN.levels[wildcards.level].model_dump(exclude_none=True)
    return [f"--{name.replace('_', '-')}={value}" for name, value in level.items()]


def any_of(places):
    """A pattern that matches these dataset/split pairs and nothing else."""
    return "|".join(places) or "(?!)"


wildcard_constraints:
    dataset="|".join(DATASETS),
    place=any_of(PLAN.splits),
    run="|".join(RUNS),
    split=r"[A-Za-z0-9_-]+",
    n=r"\d{5}",
    fold=r"\d+",
    modality="video|audio",
    encoder=r"[A-Za-z0-9_.-]+",
    level=r"(video|audio)-[a-z0-9.-]+",
    stage="baselines|retrieval|finetune",
