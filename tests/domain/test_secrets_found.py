"""Credentials in tool results: which are found, what is left alone, and what stands in their place.

The values are put together here, so that no scanner of repositories takes this file for a leak.
"""

import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.message import JsonOutput, MediaOutput
from callboard.domain.tool import json_outputs
from callboard.engine.secrets_found import names_redacted, redact_outputs, redact_text

RANDOM = "q7Zt2Lw9Xc4Vb8Nm1Kp6Rj3Hd5Fs0Gy2Ta7Ue4Wo9Qi1"
UPPER = "Q7ZT2LW4XC4VB6NM"
KEY_BODY = "\n".join(RANDOM + RANDOM[:18] for _ in range(4))

SPELLED = {
    "AWS access key": "AKIA" + UPPER,
    "GitHub token": "ghp_" + RANDOM[:36],
    "GitLab token": "glpat-" + RANDOM[:20],
    "Slack token": "xoxb-" + "123456789012-" + RANDOM[:24],
    "Stripe key": "sk_live_" + RANDOM[:24],
    "Google key": "AIza" + RANDOM[:35],
    "Anthropic key": "sk-ant-api03-" + RANDOM,
    "OpenRouter key": "sk-or-v1-" + hashlib.sha256(b"x").hexdigest(),
    "OpenAI key": "sk-proj-" + RANDOM,
    "JSON web token": f"eyJ{RANDOM[:20]}.eyJ{RANDOM[:30]}.{RANDOM[:40]}",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----",
}
OTHER_SPELLINGS = {
    "GitHub token": "github_pat_" + RANDOM[:22] + "_" + RANDOM,
    "Stripe key": "rk_test_" + RANDOM[:24],
    "Google token": "GOCSPX-" + RANDOM[:28],
    "Slack webhook": "slack.com/services/T0AB12CD3/B0EF45GH6/" + RANDOM[:24],
    "private key": f"-----BEGIN PRIVATE KEY-----\n{KEY_BODY}",
}
NAMED = [
    f"DB_PASSWORD={RANDOM[:14]}",
    f'"client_secret": "{RANDOM[:24]}"',
    f"api_key: {RANDOM[:20]}",
    f"token = '{RANDOM[:20]}'",
    f'aws_secret_access_key="{RANDOM[:30]}/abc9"',
    f"RAILWAY_TOKEN={uuid.UUID(hashlib.md5(b'x').hexdigest())}",
    f"export STRIPE_SECRET_KEY={RANDOM[:22]}",
    f"passphrase => {RANDOM[:16]}",
]
LEFT_ALONE = [
    hashlib.sha256(b"x").hexdigest(),
    f"sha256:{hashlib.sha256(b'x').hexdigest()}",
    f'"integrity": "sha512-{RANDOM}{RANDOM}=="',
    f"commit {hashlib.sha1(b'x').hexdigest()}",
    str(uuid.UUID(hashlib.md5(b"y").hexdigest())),
    "API_KEY=your-api-key-here-123",
    "password: changeme1234",
    "token: ${GITHUB_TOKEN_2}",
    "secret = os.environ['SECRET_2']",
    "max_tokens: 128000000000",
    "token_hash: " + hashlib.sha256(b"z").hexdigest(),
    "password = self.config2.password_for(user)",
    "ghp_" + "x" * 36,
    "AKIAIOSFODNN7EXAMPLE",
    "https://ann:password@example.org/",
    "postgres://postgres:postgres@localhost/app",
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "Authorization: Bearer <your token here>",
    "the task-list-of-2024-is-longer-than-it-was-last-year",
]


@pytest.mark.parametrize(("kind", "value"), [*SPELLED.items(), *OTHER_SPELLINGS.items()])
def test_a_credential_is_known_by_its_spelling(kind, value):
    text, kinds = redact_text(f"before {value} after")
    assert kinds == (kind,)
    assert f"[redacted: {kind}]" in text
    assert text.startswith("before ")
    assert RANDOM[:14] not in text
    assert UPPER not in text


@pytest.mark.parametrize("line", NAMED)
def test_a_random_value_is_known_by_the_name_before_it(line):
    text, kinds = redact_text(f"A=1\n{line}\nB=2")
    assert len(kinds) == 1
    assert "[redacted: " in text
    assert text.startswith("A=1\n")
    assert text.endswith("\nB=2")


def test_headers_and_addresses_hold_credentials_too():
    header, kinds = redact_text(f"Authorization: Bearer {RANDOM}")
    assert (header, kinds) == (
        "Authorization: Bearer [redacted: authorization]",
        ("authorization",),
    )
    address, _ = redact_text("postgres://app:" + RANDOM[:12] + "@db.internal:5432/app")
    assert address == "postgres://app:[redacted: password in a URL]@db.internal:5432/app"


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_hashes_ids_placeholders_and_code_are_left_alone(text):
    assert redact_text(text) == (text, ())


def test_the_name_of_a_member_says_what_its_value_is():
    (found, note) = redact_outputs(json_outputs({"rows": [{"api_token": RANDOM[:20], "n": 5}]}))
    assert isinstance(found, JsonOutput)
    assert found.value == {"rows": [{"api_token": "[redacted: token]", "n": 5}]}
    assert isinstance(note, JsonOutput)
    assert "taken out" in str(note.value)


def test_an_output_without_credentials_is_the_very_same():
    outputs = (*json_outputs({"a": "b"}), MediaOutput(data="AAAA", media_type="image/png"))
    assert redact_outputs(outputs) is outputs


def test_our_own_marks_are_recognised_and_other_brackets_are_not():
    assert names_redacted({"content": ["KEY=[redacted: GitHub token]"]})
    assert not names_redacted({"content": "[redacted: {kind}] and [redacted]", "n": 1})


@given(st.text(), st.text(), st.sampled_from(sorted(SPELLED)))
def test_whatever_stands_around_it_the_value_is_gone(before, after, kind):
    text, kinds = redact_text(f"{before} \n{SPELLED[kind]} \n{after}")
    assert kind in kinds
    assert SPELLED[kind] not in text


@given(st.text())
def test_redacting_twice_changes_nothing(text):
    once, _ = redact_text(text)
    assert redact_text(once)[0] == once


def test_a_large_output_is_searched_to_its_end():
    large = "x = 1\n" * 20_000 + SPELLED["GitHub token"]
    text, kinds = redact_text(large)
    assert kinds == ("GitHub token",)
    assert text.endswith("x = 1\n[redacted: GitHub token]")


def test_a_value_is_found_behind_a_chain_of_names_of_any_length():
    text, kinds = redact_text("password=" * 20_000 + "\n" + NAMED[0])
    assert kinds == ("password",)
    assert text.endswith("\nDB_PASSWORD=[redacted: password]")
