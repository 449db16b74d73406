"""Judging a step's work outside of its task: by the same checks and the same rule for verdicts."""

from dataclasses import dataclass

from callboard.domain.events.files import FilesChanged
from callboard.domain.evidence import Check, DiffCheck, OutputCheck, PersonCheck
from callboard.domain.output import RunOutput, StructuredOutput
from callboard.domain.workflow import AgentStep, VerdictRule
from callboard.engine.tasks.evidence import Found, judge_diff, judge_output, wording
from callboard.ports.web import Fetcher
from callboard.ports.workspace import Workspace
from callboard.runtime.checks import made_check

_MOST_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether work passes. `reason` says why not, of a judge what the verdict is."""

    passed: bool
    reason: str = ""


async def judged(
    step: AgentStep,
    output: RunOutput,
    files: FilesChanged,
    workspace: Workspace,
    fetcher: Fetcher | None,
) -> Judgement:
    """Judge the work that is in a workspace. People are not asked: their checks are left out. A judge passes with
    any verdict that the rule finds.
    """
    for check in step.checks:
        found = await _made(check, output, files, workspace, fetcher)
        if not found.passed:
            return Judgement(passed=False, reason=f"{wording(check)}: {found.text[-_MOST_CHARS:]}")
    return Judgement(passed=True) if step.verdict is None else _verdict(step.verdict, output)


async def _made(
    check: Check,
    output: RunOutput,
    files: FilesChanged,
    workspace: Workspace,
    fetcher: Fetcher | None,
) -> Found:
    match check:
        case DiffCheck():
            return judge_diff(check, files)
        case OutputCheck():
            return judge_output(check, output)
        case PersonCheck():
            return Found(passed=True, text="nobody was asked")
        case _:
            made = await made_check(check, workspace, fetcher)
            return Found(made.passed, made.output)


def _verdict(rule: VerdictRule, output: RunOutput) -> Judgement:
    value = output.value if isinstance(output, StructuredOutput) else None
    if not isinstance(value, dict) or rule.field not in value:
        return Judgement(passed=False, reason="it gave no structured verdict")
    return Judgement(passed=True, reason=f"{rule.field}: {value[rule.field]}")
