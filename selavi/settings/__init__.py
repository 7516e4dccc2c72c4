"""All settings, typed and closed. Each has a default, a range and a description with its unit.

`Config` is the whole file; `RunSettings` is what a training run needs, `DatasetSettings` what a
dataset needs. The defaults are the paper's (arXiv 2006.13662).
"""

from selavi.settings.config import (
    Config,
    ExplorerSettings,
    ResolvedConfig,
    fold_splits,
)
from selavi.settings.data import (
    DatasetSettings,
    EmbeddedSettings,
    MediaSettings,
    OfficialSettings,
    SplitSettings,
    TableColumns,
    find_split,
    parent_of,
)
from selavi.settings.embedding import BUILT_IN, EmbedderSettings, embedder_settings
from selavi.settings.encoders import (
    FAMILIES,
    FROZEN,
    EncoderName,
    FeatureFiles,
    embedder_folder,
    is_frozen,
)
from selavi.settings.enough import require_enough, require_no_more
from selavi.settings.evaluation import (
    EVALUATIONS,
    AudioLevel,
    BaselineSettings,
    DegradeSettings,
    FinetuneSettings,
    RetrievalSettings,
    TransferSettings,
    VideoLevel,
)
from selavi.settings.init import TORCHVISION, InitSettings
from selavi.settings.inputs import FRAME_SECONDS, AudioSettings, VideoSettings
from selavi.settings.labelling import LabellingSettings
from selavi.settings.machine import MachineSettings
from selavi.settings.null_overrides import without_removed
from selavi.settings.run import (
    FeatureMethod,
    NetworkSettings,
    RunDefaults,
    RunSettings,
)
from selavi.settings.section import Modality, Name, Precision, Section
from selavi.settings.training import TrainingSettings

__all__ = [
    "BUILT_IN",
    "EVALUATIONS",
    "FAMILIES",
    "FRAME_SECONDS",
    "FROZEN",
    "TORCHVISION",
    "AudioLevel",
    "AudioSettings",
    "BaselineSettings",
    "Config",
    "DatasetSettings",
    "DegradeSettings",
    "EmbeddedSettings",
    "EmbedderSettings",
    "EncoderName",
    "ExplorerSettings",
    "FeatureFiles",
    "FeatureMethod",
    "FinetuneSettings",
    "InitSettings",
    "LabellingSettings",
    "MachineSettings",
    "MediaSettings",
    "Modality",
    "Name",
    "NetworkSettings",
    "OfficialSettings",
    "Precision",
    "ResolvedConfig",
    "RetrievalSettings",
    "RunDefaults",
    "RunSettings",
    "Section",
    "SplitSettings",
    "TableColumns",
    "TrainingSettings",
    "TransferSettings",
    "VideoLevel",
    "VideoSettings",
    "embedder_folder",
    "embedder_settings",
    "find_split",
    "fold_splits",
    "is_frozen",
    "parent_of",
    "require_enough",
    "require_no_more",
    "without_removed",
]
