"""The training step: what each way of computing it brings, at one batch size and at others."""

from gpu_parts.variants import clip_flops, matmul_rates, measure
from gpu_parts.work import WIDENED, Row, Work, speed_of

BASE = "bfloat16, channels last"
PLAIN = "float32"
EXTRAS = ("planes", "cuDNN chooses", WIDENED)
WORTH = 1.02  # times faster: less is noise
LARGEST, FEW = 1024, 16  # clips


def run_variants(work: Work) -> None:
    """Every way that needs no compiler, then those together that were faster than without."""
    rates, flops = matmul_rates(work), clip_flops(work)
    work.tell(
        {
            "gflop_per_clip": round(flops / 1e9, 3),
            "matmul_tflops": {name: round(rate / 1e12, 3) for name, rate in rates.items()},
        }
    )
    found: dict[str, Row] = {}

    def tell(variant: str) -> float:
        found[variant] = measure(work, variant, work.batch, flops, rates)
        work.tell(found[variant])
        return speed_of(found[variant])

    speed = tell(BASE)
    for variant in ("bfloat16", PLAIN, "TF32", "TF32, channels last"):
        tell(variant)
    brought = {extra: tell(f"{BASE}, {extra}") / max(speed, 1e-9) for extra in EXTRAS}
    worth = [extra for extra, times in brought.items() if times > WORTH]
    own = [extra for extra in worth if extra != WIDENED]
    for together in {tuple(own), tuple(worth)}:
        if len(together) > 1:
            tell(", ".join([BASE, *together]))


def run_batches(work: Work) -> None:
    """The fastest variant at batch sizes that double until memory ends, and once in between."""
    variant, rates, flops = found_before(work)
    fits, fails, batch = 0, 0, 2 if work.small else 16
    while not fails and batch <= (4 if work.small else LARGEST):
        row = measure(work, variant, batch, flops, rates)
        work.tell(row)
        fits, fails = (fits, batch) if "error" in row else (batch, 0)
        batch *= 2
    while fails and fits and fails - fits > max(8, fits // 4):
        batch = (fits + fails) // 2 // 8 * 8
        row = measure(work, variant, batch, flops, rates)
        work.tell(row)
        fits, fails = (fits, batch) if "error" in row else (batch, fails)
    work.tell({"variant": variant, "largest_batch": fits})


def run_graphs(work: Work) -> None:
    """The fastest variant so far, forward and backward recorded as one CUDA graph.

    Few clips too: there launching kernels counts most.
    """
    if work.device.type != "cuda":
        work.tell({"variant": "CUDA graph", "skipped": "it needs a GPU"})
        return
    try_with(work, "CUDA graph", FEW)


def run_compiled(work: Work) -> None:
    """The same compiled by torch.compile, without CUDA graphs and with them."""
    try_with(work, "compiled")
    try_with(work, "reduce-overhead", FEW)


def try_with(work: Work, extra: str, few: int = 0) -> None:
    """Measure the fastest variant with something more, at its best batch and at a small one."""
    variant, rates, flops = found_before(work)
    batch = work.fastest("batches")["batch"]
    row = measure(work, f"{variant}, {extra}", batch, flops, rates)
    work.tell(row)
    if row.get("out_of_memory"):  # a graph keeps memory of its own
        work.tell(measure(work, f"{variant}, {extra}", batch // 2, flops, rates))
    if few and not work.small:
        work.tell(measure(work, f"{variant}, {extra}", few, flops, rates))


def found_before(work: Work) -> tuple[str, dict[str, float], float]:
    """The fastest variant, and rates and FLOPs, as the first part measured them or again."""
    known = next((row for row in work.earlier.get("steps", []) if "gflop_per_clip" in row), None)
    if known is None:
        return BASE, matmul_rates(work), clip_flops(work)
    rates = {name: 1e12 * rate for name, rate in known["matmul_tflops"].items()}
    return work.fastest("steps")["variant"], rates, 1e9 * known["gflop_per_clip"]
