"""What people are told by e-mail: all of it, but the groups that they muted."""

from collections.abc import Sequence
from typing import cast, get_args

from callboard.domain.org.notice import NOTICE_PREFERENCES, NoticeGroup, NoticePreference
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.persons import require_person
from callboard.usecases.recording import write

ALL_GROUPS: tuple[NoticeGroup, ...] = cast("tuple[NoticeGroup, ...]", get_args(NoticeGroup))


async def noticed_groups(app: App, who: Principal) -> tuple[NoticeGroup, ...]:
    """Return the groups of events that somebody is told of."""
    person = require_person(who).name
    kept = await app.records.get(NOTICE_PREFERENCES, person)
    muted = kept.value.muted if kept is not None else ()
    return tuple(group for group in ALL_GROUPS if group not in muted)


async def choose_notices(
    app: App, who: Principal, *, muted: Sequence[str]
) -> tuple[NoticeGroup, ...]:
    """Mute these groups of events and no others; return those that are left.

    Raises:
        ConfigurationInvalid: one of them is no group.
    """
    person = require_person(who, "inbox.manage").name
    kept = await app.records.get(NOTICE_PREFERENCES, person)
    preference = checked(NoticePreference, person=person, muted=tuple(dict.fromkeys(muted)))
    put = NOTICE_PREFERENCES.put(preference, over=kept)
    await write(app, who, "org.read", put)
    return await noticed_groups(app, who)
