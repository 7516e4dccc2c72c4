"""The training step: speed of its variants, and of the fastest by batch size."""

from gpu_parts.variants import clip_flops, matmul_rates, measure
from gpu_parts.work import WIDENED, Work, speed_of

BASE = "bfloat16, channels last"
PLAIN = "float32"
EXTRAS = ("planes", "cuDNN chooses", WIDENED)
MIN_SPEEDUP = 1.02  # less is noise
LARGEST, FEW = 1024, 16  # clips


def run_variants(work: Work) -> None:
    """Measure every variant without a compiler, then the combination of those that are faster."""
    rates, flops = matmul_rates(work), clip_flops(work)
    work.tell(
        {
            "gflop_per_clip": round(flops / 1e9, 3),
            "matmul_tflops": {name: round(rate / 1e12, 3) for name, rate in rates.items()},
        }
    )

    def tell(variant: str) -> float:
        row = measure(work, variant, work.batch, flops, rates)
        work.tell(row)
        return speed_of(row)

    speed = tell(BASE)
    for variant in ("bfloat16", PLAIN, "TF32", "TF32, channels last"):
        tell(variant)
    speedups = {extra: tell(f"{BASE}, {extra}") / max(speed, 1e-9) for extra in EXTRAS}
    faster = [extra for extra, speedup in speedups.items() if speedup > MIN_SPEEDUP]
    own = [extra for extra in faster if extra != WIDENED]
    for together in {tuple(own), tuple(faster)}:
        if len(together) > 1:
            tell(", ".join([BASE, *together]))


def run_batches(work: Work) -> None:
    """Measure the fastest variant at doubling batch sizes, then bisect to the largest that fits."""
    variant, rates, flops = fastest_before(work)
    first = 2 if work.small else 16
    fits, fails, batch = 0, 0, first
    while not fails and batch <= (4 if work.small else LARGEST):
        row = measure(work, variant, batch, flops, rates)
        work.tell(row)
        if "error" in row and not row.get("out_of_memory") and variant != BASE:
            # Its arithmetic fails on this device, which says nothing of the memory.
            variant, fits, batch = BASE, 0, first
            continue
        fits, fails = (fits, batch) if "error" in row else (batch, 0)
        batch *= 2
    while fails and fits and fails - fits > max(8, fits // 4):
        batch = (fits + fails) // 2 // 8 * 8
        row = measure(work, variant, batch, flops, rates)
        work.tell(row)
        fits, fails = (fits, batch) if "error" in row else (batch, fails)
    work.tell({"variant": variant, "largest_batch": fits})


def run_graphs(work: Work) -> None:
    """Measure the fastest variant as a CUDA graph, also with few clips, where launches dominate."""
    if work.device.type != "cuda":
        work.tell({"variant": "CUDA graph", "skipped": "it needs a GPU"})
        return
    try_with(work, "CUDA graph", FEW)


def run_compiled(work: Work) -> None:
    """Measure the fastest variant with torch.compile, without and with CUDA graphs."""
    try_with(work, "compiled")
    try_with(work, "reduce-overhead", FEW)


def try_with(work: Work, extra: str, few: int = 0) -> None:
    """Measure the fastest variant with an extra, at its best batch size and at a small one."""
    _, rates, flops = fastest_before(work)
    best = work.fastest("batches")
    variant, batch = best["variant"], best["batch"]
    row = measure(work, f"{variant}, {extra}", batch, flops, rates)
    work.tell(row)
    if row.get("out_of_memory"):  # a graph has its own memory pool
        work.tell(measure(work, f"{variant}, {extra}", batch // 2, flops, rates))
    if few and not work.small:
        work.tell(measure(work, f"{variant}, {extra}", few, flops, rates))


def fastest_before(work: Work) -> tuple[str, dict[str, float], float]:
    """The fastest variant, matrix rates and FLOPs of the part steps, measured if missing."""
    facts = next((row for row in work.earlier.get("steps", []) if "gflop_per_clip" in row), None)
    if facts is None:
        return BASE, matmul_rates(work), clip_flops(work)
    rates = {name: 1e12 * rate for name, rate in facts["matmul_tflops"].items()}
    return work.fastest("steps")["variant"], rates, 1e9 * facts["gflop_per_clip"]
