"""`cluster=`: one provider for each cluster, and no other beside it."""

from __future__ import annotations

import pulumi
import pytest

import trainstack as ts
from trainstack.testing import synth

JOB = {"image": "registry.example/x:1", "program": {"module": "m"}}


def test_clusters_that_differ_in_the_file_only_are_two_providers() -> None:
    def program() -> None:
        for name in ("a", "b"):
            cluster = {"kubeconfig": f"/{name}", "context": "x"}
            ts.ElasticJob(name, {**JOB, "cluster": cluster})

    made = synth(program)
    providers = made.of_type("pulumi:providers:kubernetes")
    assert [provider.inputs["kubeconfig"] for provider in providers] == ["/a", "/b"]
    used = [job.options["provider"] for job in made.of_type("kubernetes:batch/v1:Job")]
    assert len(set(used)) == 2


def test_a_cluster_and_a_provider_contradict_each_other() -> None:
    def program() -> None:
        mine = pulumi.ProviderResource("kubernetes", "mine", {})
        opts = pulumi.ResourceOptions(provider=mine)
        ts.ElasticJob("a", {**JOB, "cluster": {"context": "x"}}, opts)

    with pytest.raises(ts.TrainstackError, match=r"ElasticJob 'a': cluster: .* give one of them"):
        synth(program)


def test_two_resources_of_one_name_are_noticed() -> None:
    def program() -> None:
        ts.ElasticJob("a", JOB)
        ts.ElasticJob("a", JOB)

    with pytest.raises(pulumi.RunError, match="two resources are called 'a'"):
        synth(program)
