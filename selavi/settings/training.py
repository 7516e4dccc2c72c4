"""Optimisation of a run, and views of given features. The defaults are the paper's."""

from typing import Literal

from pydantic import Field

from selavi.settings.section import LearningRate, Section


class TrainingSettings(Section):
    """Optimisation: stochastic gradient descent, or AdamW."""

    optimizer: Literal["sgd", "adamw"] = "sgd"
    """Stochastic gradient descent with momentum, or AdamW."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Learning rate after the warm-up: constant, or falling to 0 along half a cosine."""

    epochs: int = Field(200, ge=1, le=1_000_000)
    """Number of epochs: passes over the training clips."""
    least_steps: int = Field(0, ge=0, le=1_000_000)
    """Epochs are added until there are so many steps, and warm-up grows in proportion. Above 0 the
    batch is also at most half of the clips."""
    batch_size: int = Field(16, ge=2, le=100_000)
    """Clips per process in one forward pass. Batch norm uses the statistics of all processes."""
    accumulation: int = Field(1, ge=1, le=100_000)
    """Batches per process whose gradients are averaged for one step. The effective batch is
    batch_size x accumulation x processes: the paper's 1,024 is 16 x 1 x 64, or 16 x 4 x 16."""
    base_lr: LearningRate = 0.01
    """Learning rate per 16 clips of the effective batch: after warm-up, the learning rate is
    base_lr x effective batch / 16 (in the paper 0.01 x 64). With AdamW it is base_lr."""
    warmup_from: LearningRate = 0.01
    """Learning rate of the first step, or the learning rate after warm-up if that is lower."""
    warmup_epochs: int = Field(10, ge=0, le=1_000_000)
    """Epochs in which the learning rate rises linearly from warmup_from."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum of stochastic gradient descent."""
    weight_decay: float = Field(1e-5, ge=0, le=100)
    """Weight decay (L2 penalty)."""
    warmup_batches: int = Field(20, ge=0, le=1_000_000)
    """Batches that initialise the statistics of batch norm before the first label update."""
    collapse: float = Field(0.8, gt=0, le=1)
    """Training stops if one cluster has more than this share of a head's labels, or of its
    predictions in several successive epochs, and more than twice its prescribed size. 1 turns this
    off."""


class FeatureViewSettings(Section):
    """Views of given features (frozen encoders), in training and in label updates."""

    neighbours: int = Field(0, ge=0, le=1000)
    """A view of a clip is one of this many nearest other clips; 0 for none."""
    nearest: Literal["each", "joined"] = "joined"
    """Nearest by the features of the view's own modality (each), or by those of all modalities side
    by side (joined), which keeps a modality that tells kinds apart badly from mixing them."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Probability of each prepared feature to be 0 in a view."""
    noise: float = Field(0.0, ge=0, le=100)
    """Standard deviation of Gaussian noise on prepared features, whose mean square is 1."""
