"""Start process groups on one machine or on the nodes of a Slurm job."""
