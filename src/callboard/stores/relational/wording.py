"""What every database has words for. Written by `statements.py`; do not edit."""

from typing import Protocol


class Wording(Protocol):
    """The statements of the store, as one kind of database wants them."""

    @property
    def CREATE(self) -> str: ...  # noqa: D102, N802

    @property
    def STAND(self) -> str: ...  # noqa: D102, N802

    @property
    def TAKE(self) -> str: ...  # noqa: D102, N802

    @property
    def RELEASE(self) -> str: ...  # noqa: D102, N802

    @property
    def ABANDON(self) -> str: ...  # noqa: D102, N802

    @property
    def UNFINISHED(self) -> str: ...  # noqa: D102, N802

    @property
    def APPEND(self) -> str: ...  # noqa: D102, N802

    @property
    def APPEND_STANDING(self) -> str: ...  # noqa: D102, N802

    @property
    def INSERT_EVENT(self) -> str: ...  # noqa: D102, N802

    @property
    def MARK(self) -> str: ...  # noqa: D102, N802

    @property
    def INSERT_BLOB(self) -> str: ...  # noqa: D102, N802

    @property
    def READ(self) -> str: ...  # noqa: D102, N802

    @property
    def READ_TREE(self) -> str: ...  # noqa: D102, N802

    @property
    def BLOBS(self) -> str: ...  # noqa: D102, N802

    @property
    def ROW(self) -> str: ...  # noqa: D102, N802

    @property
    def ROWS(self) -> str: ...  # noqa: D102, N802

    @property
    def CHILDREN(self) -> str: ...  # noqa: D102, N802

    @property
    def EXISTS(self) -> str: ...  # noqa: D102, N802

    @property
    def SIGNAL(self) -> str: ...  # noqa: D102, N802

    @property
    def SIGNALS(self) -> str: ...  # noqa: D102, N802

    @property
    def CONSUME(self) -> str: ...  # noqa: D102, N802

    @property
    def SETTLE_ATTEMPT(self) -> str: ...  # noqa: D102, N802

    @property
    def ATTEMPTS(self) -> str: ...  # noqa: D102, N802

    @property
    def RELEASE_AGENT(self) -> str: ...  # noqa: D102, N802

    @property
    def RELEASES_OF(self) -> str: ...  # noqa: D102, N802

    @property
    def RELEASES_BY_ID(self) -> str: ...  # noqa: D102, N802

    @property
    def RELEASES(self) -> str: ...  # noqa: D102, N802

    @property
    def YANK(self) -> str: ...  # noqa: D102, N802

    @property
    def ADD_CREDENTIAL(self) -> str: ...  # noqa: D102, N802

    @property
    def REPLACE_CREDENTIAL(self) -> str: ...  # noqa: D102, N802

    @property
    def CREDENTIAL(self) -> str: ...  # noqa: D102, N802

    @property
    def CREDENTIALS(self) -> str: ...  # noqa: D102, N802

    @property
    def CREDENTIAL_USED(self) -> str: ...  # noqa: D102, N802

    @property
    def REWRAP_CREDENTIAL(self) -> str: ...  # noqa: D102, N802

    @property
    def REMOVE_CREDENTIAL(self) -> str: ...  # noqa: D102, N802

    @property
    def ANCHOR(self) -> str: ...  # noqa: D102, N802

    @property
    def ANCHORS(self) -> str: ...  # noqa: D102, N802

    @property
    def ANCHOR_COUNT(self) -> str: ...  # noqa: D102, N802

    @property
    def KEEP_CHECKPOINT(self) -> str: ...  # noqa: D102, N802

    @property
    def CHECKPOINT(self) -> str: ...  # noqa: D102, N802

    @property
    def CHECKPOINT_SIZES(self) -> str: ...  # noqa: D102, N802

    @property
    def BUDGETS(self) -> str: ...  # noqa: D102, N802

    @property
    def EVERY_BUDGET(self) -> str: ...  # noqa: D102, N802

    @property
    def OPEN_BUDGET(self) -> str: ...  # noqa: D102, N802

    @property
    def SET_BUDGET(self) -> str: ...  # noqa: D102, N802

    @property
    def MOVE_BUDGET(self) -> str: ...  # noqa: D102, N802

    @property
    def REMOVE_BUDGET(self) -> str: ...  # noqa: D102, N802

    @property
    def RESERVE(self) -> str: ...  # noqa: D102, N802

    @property
    def RESERVED(self) -> str: ...  # noqa: D102, N802

    @property
    def RESERVED_BY_US(self) -> str: ...  # noqa: D102, N802

    @property
    def RESERVED_BY_OTHERS(self) -> str: ...  # noqa: D102, N802

    @property
    def UNRESERVE(self) -> str: ...  # noqa: D102, N802

    @property
    def RECORD(self) -> str: ...  # noqa: D102, N802

    @property
    def RECORD_STANDS(self) -> str: ...  # noqa: D102, N802

    @property
    def RECORDS_OLDEST_FIRST(self) -> str: ...  # noqa: D102, N802

    @property
    def RECORDS_NEWEST_FIRST(self) -> str: ...  # noqa: D102, N802

    @property
    def RECORDS_IN_STATES(self) -> str: ...  # noqa: D102, N802

    @property
    def ADD_RECORD(self) -> str: ...  # noqa: D102, N802

    @property
    def REPLACE_RECORD(self) -> str: ...  # noqa: D102, N802

    @property
    def REMOVE_RECORD(self) -> str: ...  # noqa: D102, N802

    @property
    def AUDIT(self) -> str: ...  # noqa: D102, N802

    @property
    def AUDIT_RECORD(self) -> str: ...  # noqa: D102, N802

    @property
    def AUDIT_LAST(self) -> str: ...  # noqa: D102, N802

    @property
    def AUDITED(self) -> str: ...  # noqa: D102, N802

    @property
    def AUDIT_LOG(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_OLDER(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_NEWER(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_BEHIND(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_COMPANIONS(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_COUNTS(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_SPANS(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_HEAD(self) -> str: ...  # noqa: D102, N802

    @property
    def THREAD_RUNS(self) -> str: ...  # noqa: D102, N802

    @property
    def EVENTS_AT(self) -> str: ...  # noqa: D102, N802

    @property
    def EVENT_PLACE(self) -> str: ...  # noqa: D102, N802

    @property
    def ARRIVED(self) -> str: ...  # noqa: D102, N802

    @property
    def LAST_POSITION(self) -> str: ...  # noqa: D102, N802

    @property
    def ROOT_OF(self) -> str: ...  # noqa: D102, N802

    @property
    def ROOM(self) -> str: ...  # noqa: D102, N802

    @property
    def TAKE_SLOT(self) -> str: ...  # noqa: D102, N802

    @property
    def GIVE_BACK(self) -> str: ...  # noqa: D102, N802

    @property
    def FORGET_SLOTS(self) -> str: ...  # noqa: D102, N802

    @property
    def TELL_ROOM(self) -> str: ...  # noqa: D102, N802

    @property
    def UNTOLD(self) -> str: ...  # noqa: D102, N802

    @property
    def OTHER_HOLDERS(self) -> str: ...  # noqa: D102, N802

    @property
    def FREE_SLOTS(self) -> str: ...  # noqa: D102, N802

    @property
    def SLOTS_USED(self) -> str: ...  # noqa: D102, N802

    @property
    def SET_CAP(self) -> str: ...  # noqa: D102, N802

    @property
    def DRAIN_CAP(self) -> str: ...  # noqa: D102, N802

    @property
    def CORRECT_CAP(self) -> str: ...  # noqa: D102, N802

    @property
    def EMPTY_CAPS(self) -> str: ...  # noqa: D102, N802

    @property
    def REMOVE_CAP(self) -> str: ...  # noqa: D102, N802

    @property
    def CAPS(self) -> str: ...  # noqa: D102, N802

    @property
    def STIRRING(self) -> str: ...  # noqa: D102, N802

    @property
    def STIRRED(self) -> str: ...  # noqa: D102, N802

    @property
    def LOST(self) -> str: ...  # noqa: D102, N802

    @property
    def ADRIFT(self) -> str: ...  # noqa: D102, N802

    @property
    def IN_STATE(self) -> str: ...  # noqa: D102, N802

    @property
    def OPEN_RUNS(self) -> str: ...  # noqa: D102, N802

    @property
    def OPEN_TASKS(self) -> str: ...  # noqa: D102, N802

    @property
    def OLDEST_CODE(self) -> str: ...  # noqa: D102, N802

    @property
    def DUE(self) -> str: ...  # noqa: D102, N802

    @property
    def LOGS_BELOW(self) -> str: ...  # noqa: D102, N802

    @property
    def ORDER_BELOW(self) -> str: ...  # noqa: D102, N802

    @property
    def LIES_IN(self) -> str: ...  # noqa: D102, N802

    @property
    def LIE_IN(self) -> str: ...  # noqa: D102, N802

    @property
    def SHELVED(self) -> str: ...  # noqa: D102, N802

    @property
    def REFERRING(self) -> str: ...  # noqa: D102, N802

    @property
    def EVERY_BLOB(self) -> str: ...  # noqa: D102, N802

    @property
    def TAKE_EVENTS(self) -> str: ...  # noqa: D102, N802

    @property
    def TAKE_MARKS(self) -> str: ...  # noqa: D102, N802

    @property
    def TAKE_SIGNALS(self) -> str: ...  # noqa: D102, N802

    @property
    def LET_GO(self) -> str: ...  # noqa: D102, N802

    @property
    def SHELVE(self) -> str: ...  # noqa: D102, N802

    @property
    def FORGET_PLACE(self) -> str: ...  # noqa: D102, N802

    @property
    def KEEP_PLACE(self) -> str: ...  # noqa: D102, N802

    @property
    def REMOVE_BLOBS(self) -> str: ...  # noqa: D102, N802

    @property
    def NOTE_COPY(self) -> str: ...  # noqa: D102, N802

    @property
    def COPY_OF(self) -> str: ...  # noqa: D102, N802

    @property
    def MOVE_COPY(self) -> str: ...  # noqa: D102, N802

    @property
    def LEAVE_COPY(self) -> str: ...  # noqa: D102, N802

    @property
    def COPY_IS_NOW(self) -> str: ...  # noqa: D102, N802

    @property
    def KEEP_PACK(self) -> str: ...  # noqa: D102, N802

    @property
    def PACK_BASES(self) -> str: ...  # noqa: D102, N802

    @property
    def FREE_PACKS(self) -> str: ...  # noqa: D102, N802

    @property
    def FREE_COPIES(self) -> str: ...  # noqa: D102, N802

    @property
    def PACK_OF(self) -> str: ...  # noqa: D102, N802
