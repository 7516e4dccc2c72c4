"""Two views of points in groups, as features of clips."""

import numpy as np


def two_views(
    clips: int = 200, groups: int = 4, spread: float = 0.3, seed: int = 0
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Features by modality, the group of each clip, and its id."""
    draw = np.random.default_rng(seed)
    group = np.arange(clips) % groups
    features = {}
    for modality, size in (("video", 12), ("audio", 7)):
        centres = np.random.default_rng(len(modality) + size).normal(size=(groups, size))
        noise = spread * draw.normal(size=(clips, size))
        features[modality] = (centres[group] + noise).astype(np.float32)
    return features, group, np.array([f"{seed:08x}{n:08x}" for n in range(clips)], object)


def rings(clips: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two rings, one inside the other, and the ring of each point."""
    draw = np.random.default_rng(seed)
    ring = np.arange(clips) % 2
    angle = draw.uniform(0, 2 * np.pi, clips)
    radius = 1 + 3 * ring + 0.05 * draw.normal(size=clips)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return points.astype(np.float32), ring
