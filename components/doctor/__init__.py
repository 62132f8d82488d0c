"""What is wrong with a run, from all that the cluster shows of it."""
