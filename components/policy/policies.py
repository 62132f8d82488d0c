"""The rules as policies that the Pulumi engine runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi.runtime.rpc import UNKNOWN
from pulumi_policy import (
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from .finding import Finding
from .rules import RULES, Rule


def policies() -> list[Policy]:
    """Every rule as a policy, for a `pulumi_policy.PolicyPack` of one's own.

    Each has the pack's enforcement level unless the pack's configuration says another.
    """
    return [_of_stack(rule) if rule.subject == "stack" else _of_resource(rule) for rule in RULES]


def _of_resource(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        subject = _plain(args.props)
        if not _is_about(rule, args.resource_type, subject):
            return
        config = args.get_config()
        _check_applies(rule, args, config)
        _report(rule.findings(subject, config), report)

    return ResourceValidationPolicy(
        rule.name, rule.description, validate, config_schema=_schema(rule)
    )


def _of_stack(rule: Rule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        config = args.get_config()
        _check_applies(rule, args, config)
        stack = {
            resource.urn: props
            for resource in args.resources
            for props in [_plain(resource.props)]
            if _is_manifest(resource.resource_type) or _is_job(resource.resource_type, props)
        }
        _report(rule.findings(stack, config), report)

    return StackValidationPolicy(rule.name, rule.description, validate, config_schema=_schema(rule))


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    if not rule.config:
        return None
    return PolicyConfigSchema({name: dict(schema) for name, schema in rule.config.items()})


def _is_about(rule: Rule, type_: str, inputs: Mapping[str, Any]) -> bool:
    if rule.subject == "manifest":
        return _is_manifest(type_)
    return type_.startswith("trainstack:index:") and "run_name" in inputs


def _is_job(type_: str, outputs: Mapping[str, Any]) -> bool:
    return type_.startswith("trainstack:index:") and "job_name" in outputs


def _is_manifest(type_: str) -> bool:
    return type_.startswith("kubernetes:")


def _check_applies(
    rule: Rule, args: ResourceValidationArgs | StackValidationArgs, config: Mapping[str, Any]
) -> None:
    if not rule.applies(config):
        args.not_applicable(f"not configured: {' or '.join(rule.needs)}")


def _report(findings: Iterable[Finding], report: ReportViolation) -> None:
    """Report what is known; the engine then says of the rest that preview cannot tell."""
    unknown = []
    for finding in findings:
        if finding.known:
            report(str(finding), None)
        else:
            unknown.append(finding.path)
    if unknown:
        raise UnknownValueError(UNKNOWN, unknown[0].split("."))


def _plain(value: Any) -> Any:
    """The properties without the wrappers that raise at what is unknown."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(holder: Any, key: Any) -> Any:
    try:
        return _plain(holder[key])
    except UnknownValueError:
        return UNKNOWN
