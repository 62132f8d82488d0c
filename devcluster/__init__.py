"""The embedded one-node Kubernetes and the builds of its tools."""
