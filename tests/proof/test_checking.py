import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.events.codec import GENESIS, chain_hash
from callboard.domain.proof.anchor import Anchor
from callboard.domain.proof.checkpoint import Checkpoint
from callboard.domain.proof.merkle import Tree
from callboard.domain.proof.note import Note, Signature
from callboard.engine.proof.lines import LONGEST_LINE, Lines, NotAnExport, WrongLine
from callboard.engine.proof.log import encoded
from callboard.engine.proof.places import place_of_value
from callboard.proofs.ed25519 import Ed25519Signer
from tests.proof.exported import (
    EXPORT,
    KEPT_4,
    KEPT_5,
    KEY,
    LINES,
    PARSED,
    at,
    changed,
    check,
    first_wrong,
    offset_of,
    resummed,
)

positions = st.integers(0, len(EXPORT) - 1)


def line_of(position):
    return EXPORT[:position].count(b"\n") + 1


def test_the_first_format_verifies_for_ever():
    found = check(EXPORT, key=KEY)
    assert (found.run_id, found.status, found.runs, found.events) == ("proof", "completed", 2, 29)
    assert (found.blobs, found.objects, found.absent, found.unproven) == (1, 8, (), None)
    assert found.log.checkpoint.size == 5
    assert resummed(PARSED) == EXPORT


@given(positions, st.integers(1, 255))
def test_a_changed_byte_is_found_in_the_line_it_is_in(position, change):
    content = bytearray(EXPORT)
    content[position] ^= change
    wrong = first_wrong(bytes(content))
    assert wrong is not None
    assert wrong[:2] == (line_of(position), offset_of(LINES, line_of(position)))


@given(positions, st.binary(min_size=1, max_size=3))
def test_added_bytes_are_found_in_the_line_they_are_in(position, added):
    wrong = first_wrong(EXPORT[:position] + added + EXPORT[position:])
    content = EXPORT[:position] + added + EXPORT[position:]
    assert content == EXPORT or (
        wrong is not None and wrong[0] in (line_of(position), line_of(position) + 1)
    )


@given(positions)
def test_a_file_that_was_cut_off_is_wrong_where_it_ends(position):
    wrong = first_wrong(EXPORT[:position])
    assert wrong is not None
    assert wrong[:2] == (line_of(position), offset_of(LINES, line_of(position)))


@pytest.mark.parametrize("number", range(1, len(LINES) + 1))
def test_a_line_that_is_gone_is_missed_where_it_was(number):
    left = LINES[: number - 1] + LINES[number:]
    wrong = first_wrong(b"".join(left))
    assert wrong is not None
    assert wrong[:2] == (number, offset_of(LINES, number))


@given(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1))
def test_lines_that_changed_places_are_found_at_the_first(one, other):
    swapped = list(LINES)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    wrong = first_wrong(b"".join(swapped))
    assert (wrong is None) == (one == other)
    assert wrong is None or wrong[0] == min(one, other) + 1


def test_nothing_may_follow_the_end():
    for more in (b"\n", b"{}\n", LINES[-1], EXPORT):
        wrong = first_wrong(EXPORT + more)
        assert wrong is not None
        assert wrong[:2] == (len(LINES) + 1, len(EXPORT))


@pytest.mark.parametrize(
    "position", [n for n, line in enumerate(PARSED) if line["type"] != "consistency"]
)
def test_a_line_is_missed_even_where_all_sums_were_made_anew(position):
    wrong = first_wrong(resummed(PARSED[:position] + PARSED[position + 1 :]))
    assert wrong is not None
    assert wrong[0] >= position


_FIXED = [n for n, line in enumerate(PARSED) if line["type"] not in {"object", "consistency"}]


@given(st.sampled_from(_FIXED), st.sampled_from(_FIXED))
def test_lines_that_changed_places_are_found_even_where_all_sums_were_made_anew(one, other):
    swapped = list(PARSED)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    wrong = first_wrong(resummed(swapped))
    assert (wrong is None) == (one == other)


def forged(position, change):
    """Change an event and hash the rest of its log anew, as whoever owns the file can."""
    parsed = [dict(line) for line in PARSED]
    parsed[position]["body"] = change(parsed[position]["body"])
    head = GENESIS
    for line in parsed:
        if line["type"] == "run":
            head = GENESIS
        elif line["type"] == "event":
            head = line["hash"] = chain_hash(head, line["body"].encode())
    return parsed


def test_an_event_that_was_rewritten_with_its_whole_chain_is_not_what_the_log_signed():
    position = next(
        n for n, line in enumerate(PARSED) if "Read, then write" in str(line.get("body"))
    )
    wrong = first_wrong(resummed(forged(position, lambda body: body.replace("Read", "Lead"))))
    assert wrong is not None
    assert wrong[0] == at("anchor") + 1
    assert "the signed log does not hold run proof" in wrong[2]


def test_an_event_of_another_run_is_found_where_it_was_put_in():
    own, other = at("event", 3), at("event", 20)
    wrong = first_wrong(resummed([*PARSED[:own], PARSED[other], *PARSED[own:]]))
    assert wrong is not None
    assert wrong[:2] == (own + 1, offset_of(LINES, own + 1))
    wrong = first_wrong(resummed(forged(own, lambda _: PARSED[other]["body"])))
    assert wrong is not None
    assert (wrong[0], "this is not event 4 of run proof" in wrong[2]) == (own + 1, True)


def test_a_log_without_its_last_events_is_not_what_the_log_signed():
    last = at("anchor") - 1
    wrong = first_wrong(resummed(PARSED[:last] + PARSED[last + 1 :]))
    assert wrong is not None
    assert wrong[0] == last + 1


@pytest.mark.parametrize("name", ["definitions", "approvals", "usage", "trees"])
def test_an_index_that_says_something_else_than_the_events_is_wrong(name):
    index = at("index")
    for value in ([], None, [*PARSED[index][name], PARSED[index][name][0]]):
        wrong = first_wrong(resummed(changed(index, **{name: value})))
        assert wrong is not None
        assert wrong[:2] == (index + 1, offset_of(LINES, index + 1))
        assert f"`{name}`" in wrong[2]
    assert first_wrong(resummed(changed(index, verdict="fine"))) is not None


def test_what_a_blob_or_a_file_holds_cannot_be_exchanged():
    for kind in ("blob", "object"):
        position = at(kind)
        wrong = first_wrong(resummed(changed(position, size=3, zlib=packed(b"abc"))))
        assert wrong is not None
        assert wrong[0] == position + 1
    moved = [*PARSED[: at("index")], PARSED[at("object")], *PARSED[at("index") :]]
    wrong = first_wrong(resummed(moved))
    assert wrong is not None
    assert wrong[0] == at("index") + 1


def test_an_export_signed_by_another_key_says_so():
    signer = Ed25519Signer(b"x" * 32)
    parsed = signed_anew(signer)
    own = check(resummed(parsed))
    assert (own.log.key, own.is_key_given) == (signer.verifier, False)
    wrong = first_wrong(resummed(parsed), key=KEY)
    assert wrong is not None
    assert wrong[0] == at("checkpoint") + 1
    assert first_wrong(resummed(parsed), kept=KEPT_4) is not None
    half = changed(at("header"), key=str(signer.verifier))
    assert first_wrong(resummed(half)) is not None


def signed_anew(signer):
    """Return the export with a log of one's own: its two runs, and nothing else."""
    ends = []
    for n, line in enumerate(PARSED):
        if line["type"] == "anchor":
            last = json.loads(PARSED[n - 1]["body"])
            ends.append(Anchor(last["run_id"], last["seq"], PARSED[n - 1]["hash"]))
    tree = Tree([end.leaf for end in ends])
    name, key_id = signer.verifier.name, signer.verifier.key_id
    text = str(Checkpoint(name, tree.size, tree.root()))
    note = Note(text, (Signature(name, key_id, signer.sign(text.encode())),))
    parsed = [dict(line) for line in PARSED if line["type"] != "consistency"]
    parsed[0]["key"], parsed[1]["note"] = str(signer.verifier), str(note)
    anchors = [line for line in parsed if line["type"] == "anchor"]
    for index, line in enumerate(anchors):
        line |= {"index": index, "proof": encoded(tree.inclusion(index, tree.size))}
    return parsed


def test_an_export_is_compared_with_a_checkpoint_that_was_kept():
    assert check(EXPORT, key=KEY, kept=KEPT_4).unproven is None
    assert check(EXPORT, key=KEY, kept=KEPT_5).unproven is None
    bare = resummed([line for line in PARSED if line["type"] != "consistency"])
    assert "--since" in (check(bare, kept=KEPT_4).unproven or "")
    assert check(bare, kept=KEPT_5).unproven is None


def test_an_export_from_before_a_checkpoint_that_was_kept_is_a_rollback():
    older = changed(at("checkpoint"), note=KEPT_4)
    wrong = first_wrong(resummed(older), kept=KEPT_5)
    assert wrong is not None
    assert (wrong[0], "rolled back" in wrong[2]) == (2, True)


def test_a_proof_that_shows_nothing_is_wrong_where_it_stands():
    position = at("consistency")
    for fields in (
        {"size": 3},
        {"size": 9},
        {"size": -1},
        {"size": True},
        {"root": PARSED[position + 1]["root"]},
        {"root": "AAAA"},
        {"proof": []},
        {"proof": ["A" * 44] * 65},
        {"proof": [7]},
        {"proof": None},
    ):
        wrong = first_wrong(resummed(changed(position, **fields)))
        assert wrong is not None
        assert wrong[0] == position + 1
    for fields in ({"index": 0}, {"index": 10**30}, {"index": "3"}, {"proof": []}):
        assert first_wrong(resummed(changed(at("anchor"), **fields))) is not None


def packed(content):
    return base64.b64encode(zlib.compress(content)).decode()


def test_content_is_never_unpacked_beyond_what_the_line_says():
    bomb = packed(b"\0" * 30_000_000)
    for fields in (
        {"zlib": bomb},
        {"zlib": bomb, "size": 10**12},
        {"zlib": packed(b"x") + "AAAA", "size": 1},
        {"zlib": "?", "size": 1},
        {"zlib": packed(b"x")[:-4], "size": 1},
    ):
        wrong = first_wrong(resummed(changed(at("blob"), **fields)))
        assert wrong is not None
        assert wrong[0] == at("blob") + 1


class Endless:
    """A file whose first line never ends; counts what was asked of it."""

    def __init__(self):
        self.asked = 0

    def readline(self, size=-1, /):
        self.asked += 1
        assert 0 < size <= LONGEST_LINE + 1
        return LINES[0][:-1].ljust(size, b" ")


def test_a_line_without_end_is_given_up():
    endless = Endless()
    with pytest.raises(WrongLine, match="longer than"):
        Lines(endless)
    assert endless.asked == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"{}\n", b"PK\x03\x04", b'{"type":"header"}\n', b"\0" * 100, EXPORT[1:]],
)
def test_another_file_is_no_export(content):
    with pytest.raises(NotAnExport):
        check(content)


def test_an_export_of_a_newer_format_is_refused_as_that():
    newer = resummed(changed(0, format="callboard export v2"))
    with pytest.raises(NotAnExport, match="upgrade"):
        check(newer)


@pytest.mark.parametrize(
    "said",
    [
        '"run":"proof","run":"proof"',
        '"run":' + "[" * 100_000 + "]" * 100_000,
        '"run":"\\ud800"',
        '"run":NaN',
        '"run":null',
        '"run":{"$ref":"x"}',
        '"run":1e400',
    ],
)
def test_a_hostile_line_is_wrong_and_nothing_worse(said):
    first = LINES[0][: LINES[0].index(b',"sum"')]
    start = first.replace(b'"run":"proof"', said.encode())
    content = start + b',"sum":"' + sum_of(GENESIS, start) + b'"}\n'
    wrong = first_wrong(content)
    assert wrong is not None
    assert wrong[0] in (1, 2)


def sum_of(previous, start):
    return chain_hash(previous, start).encode()


@given(
    st.integers(0, len(PARSED) - 1),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
        ),
        max_leaves=4,
    ),
    st.data(),
)
def test_no_value_in_any_field_raises_anything_but_that_the_line_is_wrong(position, value, data):
    names = [name for name in PARSED[position] if name not in {"type", "sum"}]
    name = data.draw(st.sampled_from(names))
    try:
        content = resummed(changed(position, **{name: value}))
    except UnicodeEncodeError:
        return
    first_wrong(content)


def test_state_in_an_event_is_data_whatever_it_looks_like():
    position = at("event", 12)
    for text in (
        '{"lc":1,"type":"constructor"}',
        '{"__reduce__":["os.system"]}',
        "null",
        "[]",
        "NaN",
    ):
        wrong = first_wrong(resummed(forged(position, lambda _, text=text: text)))
        assert wrong is not None
        assert wrong[0] == position + 1


def byte_of(content):
    with pytest.raises(WrongLine) as caught:
        check(content)
    return caught.value.byte


@given(st.integers(2, len(LINES)), st.data())
def test_bytes_that_are_no_text_are_named_where_they_are(number, data):
    line = LINES[number - 1]
    within = data.draw(st.integers(1, len(line) - 2))
    place = offset_of(LINES, number) + within
    # Before a whole character: a byte that ends one is wrong where that character began.
    while EXPORT[place] & 0xC0 == 0x80:
        place -= 1
    assert byte_of(EXPORT[:place] + b"\xff" + EXPORT[place + 1 :]) == place


@given(st.integers(2, len(LINES)))
def test_a_line_that_stops_being_json_is_named_where_it_does(number):
    start = offset_of(LINES, number)
    assert byte_of(EXPORT[:start] + b"]" + EXPORT[start + 1 :]) == start
    comma = start + LINES[number - 1].index(b",")
    assert byte_of(EXPORT[:comma] + b";" + EXPORT[comma + 1 :]) == comma


@given(positions)
def test_where_a_file_was_cut_off_is_named(position):
    if position > len(LINES[0]) and EXPORT[position - 1 : position] != b"\n":
        assert byte_of(EXPORT[:position]) == position


@given(positions, st.integers(1, 255))
def test_every_changed_byte_is_answered_by_a_byte_of_its_line_that_is_not_behind_its_value(
    position, change
):
    content = bytearray(EXPORT)
    content[position] ^= change
    if first_wrong(bytes(content)) == (1, 0, NO_EXPORT):
        return
    found = byte_of(bytes(content))
    number = line_of(position)
    assert offset_of(LINES, number) <= found <= offset_of(LINES, number + 1)


NO_EXPORT = "this file is not an export of a run (see `callboard runs export`)"
KINDS = sorted({line["type"] for line in PARSED} - {"header"})


def within(kind, name, index=0):
    """Return where the value of a field of a kind of line stands in the file, with its first and its last byte."""
    number = at(kind, index)
    written = json.dumps(PARSED[number][name], ensure_ascii=False, separators=(",", ":")).encode()
    key = f'"{name}":'.encode()
    begin = offset_of(LINES, number + 1) + LINES[number].index(key + written) + len(key)
    return begin, begin + len(written) - 1


def flipped(position):
    """Return the export with one byte changed to another of its kind, so that the line stays well-formed."""
    other = {ord("9"): b"8", ord("f"): b"e", ord("Z"): b"Y", ord("z"): b"y"}
    byte = EXPORT[position]
    return EXPORT[:position] + other.get(byte, bytes([byte + 1])) + EXPORT[position + 1 :]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("digit", [0, 1, 31, 63])
def test_a_wrong_digit_of_a_sum_is_named_itself_wherever_another_line_follows(kind, digit):
    begin, _ = within(kind, "sum")
    place = begin + 1 + digit
    assert byte_of(flipped(place)) == (place if kind != "end" else within(kind, "lines")[0])


@pytest.mark.parametrize("index", [0, 3, 11, 12, 28])
@pytest.mark.parametrize("digit", [0, 1, 31, 63])
def test_a_wrong_digit_of_an_events_hash_is_named_itself(index, digit):
    place = within("event", "hash", index)[0] + 1 + digit
    assert byte_of(flipped(place)) == place


VALUES = [
    *(("event", "body", "body"), ("checkpoint", "note", "note"), ("run", "run", "run")),
    *(("object", "zlib", "zlib"), ("blob", "zlib", "zlib"), ("end", "lines", "lines")),
]


@pytest.mark.parametrize(("kind", "name", "named"), VALUES)
def test_a_value_that_was_changed_is_named_by_where_it_begins(kind, name, named):
    begin, end = within(kind, name)
    for place in (begin + 20, (begin + end) // 2, end - 9) if name != "run" else (begin + 1,):
        if begin < place < end and chr(EXPORT[place]).isalnum() and EXPORT[place - 1] != ord("\\"):
            assert byte_of(flipped(place)) == within(kind, named)[0]
    if name == "lines":
        assert byte_of(flipped(begin)) == begin


@pytest.mark.parametrize("name", ["usage", "definitions", "approvals", "trees"])
def test_of_a_line_of_many_values_whose_sum_alone_is_wrong_the_beginning_is_named(name):
    number = at("index")
    begin, end = within("index", name)
    place = next(n for n in range(begin, end) if chr(EXPORT[n]).isalpha())
    assert byte_of(flipped(place)) == offset_of(LINES, number + 1)


FIELDS = [
    (position, name)
    for position, line in enumerate(PARSED)
    for name in line
    if name not in {"type", "sum"} and line["type"] not in {"header", "event"}
]


@given(st.sampled_from(FIELDS))
def test_a_field_of_another_kind_is_named_even_where_all_sums_were_made_anew(field):
    position, name = field
    content = resummed(changed(position, **{name: {"a": 1}}))
    if first_wrong(content) is None:  # the last line counts itself
        assert name == "lines"
        return
    lines = content.splitlines(keepends=True)
    begin = offset_of(lines, position + 1)
    assert byte_of(content) == begin + lines[position].index(f'"{name}":'.encode()) + len(name) + 3


def test_a_rewritten_event_without_its_hash_is_named_by_its_hash():
    position = at("event", 5)
    content = resummed(changed(position, body=PARSED[position]["body"] + " "))
    begin = offset_of(content.splitlines(keepends=True), position + 1)
    assert byte_of(content) == begin + len('{"type":"event","hash":')


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.integers(), max_size=5))
def test_the_place_of_every_value_is_found_however_it_is_written(fields):
    for indent in (None, 2):
        content = json.dumps(fields, indent=indent, ensure_ascii=indent is None)
        try:
            written = content.encode()
        except UnicodeEncodeError:
            continue
        for name, value in fields.items():
            rest = written[place_of_value(written, name) :]
            assert rest.startswith(json.dumps(value, ensure_ascii=indent is None).encode())
    assert place_of_value(b'{"a":', "b") == place_of_value(b"[]", "b") == 0
