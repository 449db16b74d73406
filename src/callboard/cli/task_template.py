"""The options that say what a task is to be that comes by the clock or from outside."""

from typing import Annotated

import typer

from callboard.cli.arguments import budget_of
from callboard.domain.org.template import TaskTemplate
from callboard.usecases.checked import checked

Space = Annotated[str, typer.Option(help="The space whose tasks they are.")]
Title = Annotated[str, typer.Option(help="The title of the tasks.")]
Brief = Annotated[str, typer.Option(help="What is to be done.")]
Criteria = Annotated[
    list[str] | None, typer.Option("--criterion", help="What must be true in the end; repeatable.")
]
Labels = Annotated[list[str] | None, typer.Option("--label", help="A label; repeatable.")]
Priority = Annotated[str, typer.Option(help="low, normal, high or urgent.")]
Owner = Annotated[str | None, typer.Option(help="The person who answers for them.")]
Budget = Annotated[str | None, typer.Option(help="What each may cost, in US dollars.")]
Workflow = Annotated[str | None, typer.Option(help="Their workflow; default: the space's.")]
Repository = Annotated[str | None, typer.Option(help="Their repository; default: the space's.")]


def template_of(**fields: object) -> TaskTemplate:
    """Return the template that the options describe.

    Raises:
        ConfigurationInvalid: one of them does not fit.
    """
    owner, budget = fields.pop("owner"), fields.pop("budget")
    return checked(
        TaskTemplate,
        **{name: value for name, value in fields.items() if value is not None},
        owner=f"person:{owner}" if owner else None,
        budget_usd=budget_of(str(budget)) if budget is not None else None,
    )
