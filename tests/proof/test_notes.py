import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.proof.checkpoint import Checkpoint, parse_checkpoint
from callboard.domain.proof.note import FormatInvalid, Note, Signature, parse_note, verifier_key
from callboard.proofs.ed25519 import Ed25519Signer, is_signature

# A key and a note that the first implementation of the format publishes as its example.
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_another_implementation_is_read_and_verifies():
    key, note = verifier_key(KEY), parse_note(NOTE)
    assert (str(key), str(note)) == (KEY, NOTE)
    (signature,) = note.by(key)
    assert is_signature(key.key, note.text.encode(), signature)
    assert not is_signature(key.key, note.text.encode() + b" ", signature)


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_signed_is_read_again_and_verifies(seed, size, root):
    signer = Ed25519Signer(seed)
    checkpoint = Checkpoint(signer.verifier.name, size, root)
    signature = signer.sign(str(checkpoint).encode())
    note = Note(
        str(checkpoint), (Signature(signer.verifier.name, signer.verifier.key_id, signature),)
    )
    read = parse_note(str(note))
    assert read == note
    assert parse_checkpoint(read.text) == checkpoint
    assert verifier_key(str(signer.verifier)) == signer.verifier
    assert is_signature(signer.verifier.key, read.text.encode(), signature)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n5\n",
        "log\n05\n" + "A" * 43 + "=\n",
        "log\n-1\n" + "A" * 43 + "=\n",
        "log\n9223372036854775808\n" + "A" * 43 + "=\n",
        "log\n5\n" + "A" * 43 + "=",
        "log\n5\n" + "A" * 42 + "B=\n",
        "log\n5\nAAAA\n",
        "a log\n5\n" + "A" * 43 + "=\n",
        "log\n5\n" + "A" * 43 + "=\n\n",
        "log\n٥\n" + "A" * 43 + "=\n",
    ],
)
def test_a_text_that_is_almost_a_checkpoint_is_none(text):
    with pytest.raises(FormatInvalid):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n- name x08go/ZJ\n",
        "text\n\n— na+me x08go/ZJ\n",
        "te\x07xt\n\n— name x08go/ZJ\n",
        "text\n\n— name x08go/ZJ",
        "text\n\n" + "— name x08go/ZJ\n" * 17,
        "x" * 70_000,
    ],
)
def test_a_text_that_is_almost_a_signed_note_is_none(content):
    with pytest.raises(FormatInvalid):
        parse_note(content)


@pytest.mark.parametrize(
    "text", ["", "a", "a+b+c", KEY.replace("c74f", "c74e"), KEY + "=", KEY[:-4]]
)
def test_a_text_that_is_almost_a_verifier_key_is_none(text):
    with pytest.raises(FormatInvalid):
        verifier_key(text)


@given(st.text(max_size=200))
def test_whatever_is_read_is_written_as_it_was(text):
    for parse in (parse_note, parse_checkpoint, verifier_key):
        try:
            found = parse(text)
        except FormatInvalid:
            continue
        assert str(found) == text or parse is parse_checkpoint


@given(st.binary(max_size=80), st.binary(max_size=8), st.binary(max_size=80))
def test_no_bytes_make_the_check_of_a_signature_raise(key, message, signature):
    assert not is_signature(key, message, signature)
