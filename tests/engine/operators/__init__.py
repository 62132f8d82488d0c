"""The operators through the real engine, without a cluster."""
