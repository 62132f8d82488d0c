"""Benchmarks: figures, as ratios against a named peer in the same run; no time is asserted."""
