"""Runs as a stack's state and a cluster show them."""
