"""Self-labelling of a run. The defaults are the paper's."""

from typing import Literal

from pydantic import Field

from selavi.settings.section import Section


class LabellingSettings(Section):
    """Self-labelling by optimal transport (paper, section 3)."""

    lambda_: float = Field(20.0, gt=0, le=1e4, alias="lambda")
    """Sharpness of the assignment: the kernel is (p_video * p_audio) ** (lambda / 2)."""
    first: Literal["sinkhorn", "kmeans"] = "sinkhorn"
    """The first labels. sinkhorn: from the untrained heads, as in the paper. kmeans: k-means on the
    features of all modalities, from another start for each head; all encoders must be frozen."""
    first_share: float = Field(0.0, ge=0, lt=1)
    """Share of the training with the first labels, before the first label update. Above 0 it needs
    `first: kmeans`."""
    result: Literal["head", "consensus"] = "head"
    """Whose clusters are the result. head: the head that agrees best with the others. consensus:
    the mean of all heads' probabilities, once their clusters are matched; it counts as one more
    head."""
    marginals: Literal["uniform", "gaussian", "zipf"] = "gaussian"
    """Cluster sizes: all equal (uniform), drawn from a normal distribution for each head
    (gaussian), or by Zipf's law, where the n-th largest is proportional to 1 / n (zipf)."""
    gaussian_sd: float = Field(0.1, gt=0, le=10)
    """Standard deviation of Gaussian cluster sizes, relative to their mean."""
    marginal_power: float = Field(1.0, gt=0, le=1)
    """Below 1, cluster sizes may leave `marginals`, and the more the lower it is (unbalanced
    optimal transport): the exponent of the Sinkhorn-Knopp update of the clusters."""
    align: bool = True
    """Match the audio heads' clusters to the video heads' before the first label update."""
    groups: int = Field(2, ge=1, le=1000)
    """Head groups. The heads of a group are labelled from the same augmented pass, and each group
    has a pass of its own, which decorrelates them."""
    optimisations: int = Field(100, ge=1, le=1_000_000)
    """Label updates over the whole training."""
    power: float = Field(1.5, gt=0, le=100)
    """Exponent of the schedule of label updates. Above 1, updates are most frequent at the
    beginning."""
    source: Literal["pass", "epoch"] = "pass"
    """Features to label from. pass: those of a separate pass over the clips. epoch: those computed
    in training; each further head group encodes another view of every batch."""
    consensus: bool = False
    """Train every head towards the labels that most heads agree on, after their clusters are
    matched, instead of its own labels."""
    tolerance: float = Field(1e-3, gt=0, lt=1)
    """Sinkhorn-Knopp has converged when the relative error of every cluster's size is below
    this."""
    max_iterations: int = Field(2000, ge=1, le=10_000_000)
    """Maximum number of Sinkhorn-Knopp iterations. If it is reached, the remaining error is
    logged."""
