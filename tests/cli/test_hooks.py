"""`callboard hooks`, as a person and a script use it."""

import pytest

ADD = ("hooks", "add", "issues", "--space", "auth", "--title", "{{ issue.title }}")


@pytest.fixture
def office(bare):
    """A shell with a space."""
    bare.env = {"CALLBOARD_KEYRING": "off"}
    made = bare("spaces", "create", "auth", "--prefix", "AUTH", "--repository", str(bare.workspace))
    assert made.code == 0, made.err
    return bare


def test_a_hook_shows_its_secret_once_and_is_listed_without_it(office):
    added = office(*ADD, "--when", "action=opened,reopened", "--json")
    assert added.code == 0, added.err
    assert added.json["secret"].startswith("whsec_")
    (listed,) = office("hooks", "list", "--json").json
    assert listed["when"] == [{"path": "action", "values": ["opened", "reopened"]}]
    assert "secret" not in listed
    assert "action=opened,reopened" in office("hooks", "list").out
    assert added.json["secret"].encode() not in (office.home / "callboard.db").read_bytes()
    assert office("hooks", "remove", "issues").code == 0
    assert office("hooks", "list", "--json").json == []


def test_the_senders_secret_is_read_and_never_shown(office):
    done = office(*ADD, "--own-secret", given=b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    assert (done.code, done.out) == (0, "")
    assert "MfKQ9r" not in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--when", "action"), "--when 'action'"),
        (("--when", "a b=c"), "path"),
        (("--space", "nowhere"), "callboard spaces list"),
        (("--owner", "Ann"), "owner"),
    ],
)
def test_what_is_no_hook_is_refused_with_the_way_out(office, arguments, said):
    refused = office(*ADD, *arguments)
    assert refused.code == 2
    assert said in refused.err
