"""How a machine does its work: processes, threads, memory, arithmetic, checkpoints.

None of it identifies a run. `precision`, `compile`, `channels_last`, and `threads` beyond two
change results, by rounding alone.
"""

from pydantic import Field

from selavi.settings.section import Precision, Section


class MachineSettings(Section):
    """How the machine does the work.

    These settings do not identify a run: when they change, training resumes from its checkpoint and
    finished results stay as they are.
    """

    workers: int = Field(4, ge=0, le=1024)
    """Loader processes per process of pretraining, retrieval or fine-tuning; the workflow starts at
    most as many as the rule has threads."""
    threads: int = Field(0, ge=0, le=1024)
    """CPU threads per process of pretraining or fine-tuning; 0 leaves the choice to PyTorch. With
    two or more, the narrow encoders train video and audio in parallel."""
    precision: Precision = "auto"
    """Arithmetic of the encoders in pretraining and fine-tuning. bfloat16 is compared with float32
    first and not used if its gradients are wrong. auto uses it if the hardware supports it and a
    trial step is at least 1.2 times as fast. The choice is made when training starts; on resume
    only float32 overrides it."""
    channels_last: bool = True
    """Store frames, spectrograms and weights in channels-last memory format. A run's model file
    keeps it for the stages that use the model."""
    compile: bool = False
    """Compile the encoders with torch.compile in pretraining. This takes minutes at the start, and
    steps are faster afterwards."""
    cache_gb: float = Field(1.0, ge=0, le=1e6)
    """Memory for decoded frames in pretraining, in 10^9 bytes per process. Cached clips are decoded
    once; clips that do not fit are decoded in every epoch."""
    checkpoint_minutes: float = Field(15.0, ge=0, le=525_600)
    """Longest time between checkpoints, in minutes. Each epoch also ends with one."""
    checkpoints_kept: int = Field(2, ge=1, le=1000)
    """Checkpoints kept. If the newest is damaged, training resumes from the one before."""
