"""The launch runtime with real torch processes."""
