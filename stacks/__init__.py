"""Runnable stacks, one a folder, and the driver behind `make demo`."""
