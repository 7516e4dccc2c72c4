"""Groups of processes on one machine and over the nodes of a Slurm job."""
