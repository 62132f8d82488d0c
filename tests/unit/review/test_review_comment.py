"""The comment: its text, what it leaves out when it gets long, and that no value can break it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.previews import recorded
from trainstack.review.change import (
    Effect,
    FieldChange,
    Finding,
    JobChange,
    OtherChange,
    Review,
    Run,
    StackChange,
)
from trainstack.review.comment import LIMIT, comment
from trainstack.review.escape import block, code, html_code
from trainstack.review.preview import read_preview
from trainstack.review.reading import stack_change

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

COMMENT = """\
<!-- trainstack-report: default -->

## Training runs: 3 restart, 1 stops, 1 starts, 1 changes in place, 1 unchanged

### `test/dev`

|  | run | what happens | GPUs | nodes |
| --- | --- | --- | --- | --- |
| `+-` | `bert` (`PyTorchJob`) | **restarts**: `bert-19ac24db` stops, `bert-9b154c81` starts | 32 | 4 |
| `+-` | `reduce` (`MPIJob`) | **restarts**: `reduce-51f13172` stops, `reduce-a854acd5` starts | 0 | 2 |
| `+-` | `script` (`ElasticJob`) | **restarts**: `script-14a83bb8` stops, `script-25a09af9` starts | 0 | 1 |
| `-` | `old` (`ElasticJob`) | **stops**: `old-d4ac6851` | 4 → 0 | 1 → 0 |
| `+` | `fresh` (`ElasticJob`) | **starts**: `fresh-fd9bae39` | 0 → 2 | 0 → 2 |
| `~` | `digits` (`ElasticJob`) | changes in place, `digits-237b8329` goes on | 4 | `1:4` |
|  |  | GPUs of all runs of the stack | 42 → 40 |  |

`bert`

| field | before | after |
| --- | --- | --- |
| `hyperparameters.lr` | `0.1` | `0.05` |

`reduce`

| field | before | after |
| --- | --- | --- |
| `secrets.TOKEN` | `hub/token` | `hub/new` |

`script`

| field | before | after |
| --- | --- | --- |
| `program` | `train.py (67449e90)` | `train.py (f7ff9d82)` |

<details><summary><code>fresh</code> runs with</summary>

| field | value |
| --- | --- |
| `image` | `registry.example/vision:1` |
| `program` | `pkg.train` |
| `namespace` | `default` |
| `nnodes` | `2` |
| `nproc_per_node` | `1` |
| `resources.gpu` | `1` |
| `run_name` | `fresh` |

</details>

`digits`

| field | before | after |
| --- | --- | --- |
| `labels.team` | `vision` | `speech` |

<details><summary>Other resources: 1 to replace</summary>

- `+-` `kubernetes:core/v1:ConfigMap` `settings`

</details>
"""  # noqa: E501


def recorded_stack(name: str) -> StackChange:
    return stack_change(read_preview(recorded(name), name))


NOTHING = StackChange("shop/prod", False, True, (), (), (), (), ())


def stack(name: str = "shop/dev", **said: Any) -> StackChange:
    return replace(NOTHING, name=name, **said)


def job(name: str = "a", effect: Effect = Effect.RESTARTS, **said: Any) -> JobChange:
    run = Run(f"{name}-1", 1, 1)
    return replace(JobChange(name, "ElasticJob", effect, run, run, ()), **said)


def test_the_whole_comment() -> None:
    assert comment(Review((recorded_stack("streamed"),))) == COMMENT


def priced(name: str, before: Run | None, after: Run | None) -> JobChange:
    return job(name, before=before, after=after)


COSTS = """\
|  | run | what happens | GPUs | nodes | $/h | $ at deadline |
| --- | --- | --- | --- | --- | --- | --- |
| `+-` | `a` (`ElasticJob`) | **restarts**: `a-1` stops, `a-2` starts | 8 → 16 | 1 → 2 | 55.04 → 110.08 | 1320.96 → ? |
| `+-` | `b` (`ElasticJob`) | **restarts**: a version known after `up` stops, `b-1` starts | 4 | 1 | ? → 3.00 | ? |
| `+-` | `c` (`ElasticJob`) | **restarts**:  stops, `c-1` starts | 0 | 0 → 1 | 0.00 | 0.00 |
|  |  | GPUs and cost of all runs of the stack | 12 → 20 |  | 55.04 + ? → 113.08 | 1320.96 + ? → 0.00 + ? |
"""  # noqa: E501


def test_costs_before_and_after() -> None:
    jobs = (
        priced("a", Run("a-1", 8, 1, 55.04, 1320.96), Run("a-2", 16, 2, 110.08)),
        priced("b", Run(None, 4, 1), Run("b-1", 4, 1, 3)),
        priced("c", None, Run("c-1", 0, 1)),
    )
    assert COSTS in comment(Review((stack(jobs=jobs),)))


def test_nothing_happens() -> None:
    assert comment(Review((stack(),)), "nightly").splitlines() == [
        "<!-- trainstack-report: nightly -->",
        "",
        "## Training runs: no change",
        "",
        "### `shop/dev`",
        "",
        "Nothing happens to any run.",
    ]


def test_a_failed_preview_opens_with_its_errors() -> None:
    text = comment(Review((stack(), recorded_stack("failed"))))
    assert "## Training runs: the preview failed, 3 restart" in text
    assert text.index("### `test/dev`") < text.index("```text\nElasticJob 'bad'")
    assert text.index("```text") < text.index("`bert-9b154c81`") < text.index("### `shop/dev`")
    assert "Nothing happens" in text  # to the other stack


def test_stacks_with_the_most_important_change_come_first() -> None:
    review = Review(
        (
            stack("keeps"),
            stack("starts", jobs=(job(effect=Effect.STARTS),)),
            stack("restarts", jobs=(job(),)),
        )
    )
    assert re.findall("### `(.*)`", comment(review)) == ["restarts", "starts", "keeps"]


def test_findings_of_policies_are_shown_and_warnings_folded() -> None:
    found = (
        Finding("pinned-image", "mandatory", "a", "no digest"),
        Finding("budget", "advisory", "", "Runs have to be cheap.\ncost: got 9: at most 8"),
    )
    text = comment(Review((stack(findings=found, warnings=("a strange thing",)),)))
    assert "| `pinned-image` | `mandatory` | `a` | `no digest` |" in text
    assert "| `budget` | `advisory` | `shop/dev` | `cost: got 9: at most 8` |" in text
    assert "<details><summary>Warnings: 1</summary>\n\n```text\na strange thing\n```" in text


def test_an_unknown_version_is_said_to_be_so() -> None:
    later = job(after=Run(None, None, None))
    text = comment(Review((stack(jobs=(later,)),)))
    said = "`a-1` stops, a version known after `up` starts, unless that is the same"
    assert f"{said} | 1 → ? | 1 → ? |" in text


NASTY = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="|`\\<>&*_[]()!@#~\n\r\t $-", max_size=40),
    st.sampled_from(
        ["", " ", "<script>alert(1)</script>", "a\\|b", "`` ` ``", "\u202e", "x" * 999]
    ),
)


@given(NASTY)
def test_a_value_is_one_cell_of_code_and_nothing_else(value: str) -> None:
    html = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {code(value)} | {code('end')} |\n")
    assert html.count("<td>") == 2
    assert html.count("<code>") == 2
    cells = re.findall("<td>(.*?)</td>", html)
    assert [cells[0][:6], cells[0][-7:]] == ["<code>", "</code>"]
    assert not re.search("<(?!/?code>)", cells[0])
    assert cells[1] == "<code>end</code>"


@given(NASTY)
def test_a_value_within_a_summary_has_no_tags(value: str) -> None:
    assert re.findall("<.*?>", html_code(value)) == ["<code>", "</code>"]


@given(NASTY)
def test_a_block_holds_all_its_lines(value: str) -> None:
    tokens = MARKDOWN.parse(f"before\n\n{block(value)}\n\nafter")
    assert [token.type for token in tokens] == [
        *["paragraph_open", "inline", "paragraph_close"],
        "fence",
        *["paragraph_open", "inline", "paragraph_close"],
    ]


def test_a_long_value_is_shortened_and_of_a_long_error_the_end_is_kept() -> None:
    assert code("x" * 1000) == f"`{'x' * 199}…`"
    assert block("a" * 5000 + "cause").endswith("cause\n```")
    assert len(block("a" * 5000)) < 4100


@pytest.mark.parametrize("stacks", [1, 3, 300])
@pytest.mark.parametrize("runs", [0, 40, 400])
def test_a_comment_stays_below_its_limit(stacks: int, runs: int) -> None:
    nasty = "|<`" * 100
    fields = tuple(FieldChange(f"env.{nasty}{n}", nasty, nasty) for n in range(60))
    jobs = tuple(
        job(f"{nasty}{n}", list(Effect)[n * 5 // runs], fields=fields) for n in range(runs)
    )
    others = tuple(OtherChange("create", nasty, nasty) for _ in range(300))
    found = tuple(Finding(nasty, "mandatory", nasty, nasty) for _ in range(100))
    each = stack(
        nasty, jobs=jobs, others=others, findings=found, errors=("x" * 9000,) * 50, failed=True
    )
    text = comment(Review((each,) * stacks))
    assert len(text) < LIMIT
    assert text.startswith("<!-- trainstack-report: default -->\n\n## Training runs: the preview")


def test_what_matters_least_is_left_out_first_and_counted() -> None:
    jobs = tuple(job(f"run-{n}", fields=(FieldChange("env.A", "1", "2"),)) for n in range(150))
    others = tuple(OtherChange("create", "t" * 190, "c" * 190) for _ in range(900))
    text = comment(Review((stack(jobs=jobs, others=others),)))
    assert len(re.findall("restarts", text)) == 150
    assert "… and 50 more runs whose fields changed" in text
    assert "- … and 880 more resources" in text
    many = tuple(job(f"run-{n}") for n in range(5000))
    text = comment(Review((stack(jobs=many),)))
    assert text.count("**restarts**") >= 200
    assert re.search(r"… and 4\d{3} more runs", text)
    assert "## Training runs: 5000 restart" in text


def test_one_large_stack_does_not_hide_that_there_are_others() -> None:
    large = stack("large", jobs=tuple(job(f"run-{n}") for n in range(3000)))
    text = comment(Review((large, stack("small", jobs=(job("tiny"),)))))
    assert "`tiny-1`" in text
