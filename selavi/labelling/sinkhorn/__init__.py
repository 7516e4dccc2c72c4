"""Entropic optimal transport of clips to clusters by Sinkhorn-Knopp.

Read in this order: `front` (the problem and the function `sinkhorn`), `log_kernel` (its input),
`solver` (the iterations), `dense` and `truncated` (the two stored kernels that the solver iterates
on), `exact_sums` (integer sums over ranks), `kernel_rows` and `kernel_sums` (the numba loops).
"""

from selavi.labelling.sinkhorn.front import SinkhornOutput, Solver, sinkhorn
from selavi.labelling.sinkhorn.log_kernel import HeadLogKernel, LogKernel, MatrixLogKernel

__all__ = [
    "HeadLogKernel",
    "LogKernel",
    "MatrixLogKernel",
    "SinkhornOutput",
    "Solver",
    "sinkhorn",
]
