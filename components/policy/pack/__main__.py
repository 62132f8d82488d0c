"""Starts the pack; Pulumi runs this file by its path."""

from pulumi_policy import EnforcementLevel, PolicyPack

from trainstack.policy.policies import policies

PolicyPack("trainstack", policies(), EnforcementLevel.ADVISORY)
