"""What a server does beside its tasks: schedules, notices, and messages to people and programs outside."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from functools import partial
from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.usecases.app import App
    from callboard.usecases.rounds import Rounds


def open_rounds(settings: Settings, app: "App") -> "Rounds":
    """Return the rounds of a deployment; nothing happens before they are started."""
    from callboard.usecases.courier import Courier
    from callboard.usecases.hook_messages import start_received
    from callboard.usecases.notices import Notices
    from callboard.usecases.rounds import Rounds
    from callboard.usecases.timetable import Timetable
    from callboard.web_access.egress.policy import EgressPolicy
    from callboard.web_access.outgoing.mail import SmtpMail
    from callboard.web_access.outgoing.webhooks import HttpWebhooks

    mail = SmtpMail(settings.mail) if settings.mail is not None else None
    webhooks = HttpWebhooks(EgressPolicy(settings.web.allow))
    return Rounds(
        (
            Timetable(app).turn,
            partial(start_received, app),
            Notices(app, email=mail is not None).turn,
            Courier(app, mail, webhooks).turn,
        )
    )
