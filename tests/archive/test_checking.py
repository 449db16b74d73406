"""Whatever was changed in the archive, or in what the database says of it, is found and named."""

import io
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing

import pytest

from callboard.domain.errors import ArchiveDamaged, UnknownThing
from callboard.engine.proof.lines import LineWriter
from callboard.usecases.archive_check import problems_of, verify_archive
from callboard.usecases.archive_look import archived_run, search_archive
from callboard.usecases.spending import usage_of
from tests.archive.deployment import JANUARY, ROOT

pytestmark = pytest.mark.anyio


@pytest.fixture
async def away(there):
    """Put two runs away; return where their file is."""
    for title in ("One", "Two"):
        await there.worked(title)
    there.later()
    await there.put()
    return there.home / "archive" / JANUARY


def contents(place):
    with zipfile.ZipFile(place) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def replaced(place, members):
    """Write the file again with other members, as somebody would who knows the format of ZIP."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    place.write_bytes(content.getvalue())


async def problems(there, file=None):
    return problems_of(await verify_archive(there.app, ROOT, file))


async def test_what_nobody_touched_verifies(there, away):
    (checked,) = await verify_archive(there.app, ROOT)
    assert (checked.file, checked.runs, checked.problems, checked.notes) == (away.name, 2, [], [])
    assert checked.events > 40


async def test_a_changed_event_is_found_by_its_line_and_never_shown(there, away):
    members = contents(away)
    name = "AUTH-1-1.callboard"
    members[name] = members[name].replace(b"Done with", b"Gone with")
    replaced(away, members)
    found = await problems(there)
    assert len(found) >= 1
    assert f"{away.name}: run AUTH-1-1: line" in found[0]
    with pytest.raises(ArchiveDamaged, match="AUTH-1-1"):
        await archived_run(there.app, ROOT, "AUTH-1-1")
    assert (await archived_run(there.app, ROOT, "AUTH-2-1"))[0].sealed


async def test_a_changed_event_is_never_shown_although_all_sums_were_made_again(there, away):
    members = contents(away)
    name = "AUTH-1-1.callboard"
    writer = LineWriter()
    lines = [json.loads(line) for line in members[name].splitlines()]
    forged = [
        writer.line(
            line["type"],
            {
                key: value.replace("Done with", "Gone with") if key == "body" else value
                for key, value in line.items()
                if key not in {"type", "sum"}
            },
        )
        for line in lines
    ]
    replaced(away, members | {name: b"".join(forged)})
    assert any("does not follow" in one for one in await problems(there))
    with pytest.raises(ArchiveDamaged, match="does not end as the database says"):
        await archived_run(there.app, ROOT, "AUTH-1-1")
    with pytest.raises(ArchiveDamaged):
        await usage_of(there.app, ROOT)


async def test_every_flipped_byte_is_found(there, away):
    whole = away.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        away.write_bytes(changed)
        found = await problems(there)
        read = contents_or_none(away)
        assert found or read == contents_of(whole), place
    away.write_bytes(whole)
    assert await problems(there) == []


def contents_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def contents_or_none(place):
    try:
        return contents(place)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return None


async def test_a_file_that_was_cut_off_is_found(there, away):
    whole = away.read_bytes()
    for length in (0, 1, 30, len(whole) // 2, len(whole) - 1):
        away.write_bytes(whole[:length])
        found = await problems(there)
        assert any("cannot be read" in one for one in found)
        assert any("AUTH-1-1 should lie in it" in one for one in found)


async def test_a_file_that_is_gone_is_missed(there, away):
    away.unlink()
    found = await problems(there)
    assert any(f"no file {JANUARY}" in one for one in found)
    assert sum("should lie in it, and does not" in one for one in found) == 4
    with pytest.raises(UnknownThing, match=JANUARY):
        await archived_run(there.app, ROOT, "AUTH-1-1")


async def test_a_run_that_was_taken_out_of_a_file_is_missed(there, away):
    members = contents(away)
    replaced(away, {name: one for name, one in members.items() if "AUTH-1" not in name})
    assert all("AUTH-1-1" in one and "should lie" in one for one in await problems(there))


async def test_a_run_under_the_name_of_another_is_found(there, away):
    members = contents(away)
    replaced(away, members | {"AUTH-1-1.callboard": members["AUTH-2-1.callboard"]})
    assert f"{JANUARY}: run AUTH-1-1: it is of run AUTH-2-1" in await problems(there)


async def test_an_order_that_is_none_of_its_events_is_found(there, away):
    members = contents(away)
    for order in (b"[]", b"{}", b'[["AUTH-1-1",3]]', b'[["x",99999999999]]', b"[[1,2,3]]", b"\xff"):
        replaced(away, members | {"AUTH-1-1.order": order})
        assert any("AUTH-1-1: " in one and "order" in one for one in await problems(there)) or any(
            "cannot be read" in one for one in await problems(there)
        )


async def test_a_run_of_another_deployment_is_a_stranger(there, away):
    members = contents(away)
    foreign = {f"FAR-{name}": one for name, one in members.items()}
    replaced(away, members | foreign)
    assert any("run FAR-AUTH-1-1: it is of run AUTH-1-1" in one for one in await problems(there))


async def test_a_database_that_says_something_else_of_a_run_is_found(there, away):
    with closing(sqlite3.connect(there.home / "callboard.db")) as db, db:
        db.execute("UPDATE run SET head = head - 1 WHERE run_id = 'AUTH-1-1'")
        db.execute("DELETE FROM anchor WHERE run_id = 'AUTH-2-1'")
    found = await problems(there)
    assert any("AUTH-1-1 ends with event" in one for one in found)
    assert any("was not given run AUTH-2-1" in one for one in found)


async def test_a_copy_under_another_name_is_only_noted(there, away):
    shutil.copy(away, away.with_name("2026-01-7.zip"))
    checked = await verify_archive(there.app, ROOT)
    assert problems_of(checked) == []
    notes = [note for one in checked for note in one.notes]
    assert len(notes) == 2
    assert all(f"the run itself is in {JANUARY}" in note for note in notes)


async def test_one_file_alone_is_checked_and_an_unknown_one_is_named(there, away):
    assert await problems(there, JANUARY) == []
    for name in ("2026-09.zip", "../callboard.db", "/etc/passwd", "x"):
        with pytest.raises(UnknownThing):
            await problems(there, name)


async def test_search_finds_words_in_events_and_payloads_whatever_their_capitals(there, away):
    async def found(text, limit=100):
        return [hit async for hit in search_archive(there.app, ROOT, text, limit)]

    hits = await found("done WITH the ümlaut")
    assert hits == []  # capitals matter beyond the Latin alphabet
    hits = await found("done WITH the Ümlaut")
    assert {"AUTH-1-1.write-1", "AUTH-2-1.write-1"} <= {hit.run_id for hit in hits}
    assert all(hit.file == away.name and "Done with the Ümlaut" in hit.excerpt for hit in hits)
    long = await found("what the tool SAID")
    assert any(hit.payload for hit in long)
    assert all(len(hit.excerpt) < 200 for hit in long)
    assert len(await found("AUTH", 3)) == 3
    assert await found("nobody ever said this") == []


async def test_search_shows_nobody_what_they_may_not_see(there, away):
    assert away.exists()
    zoe = await there.team.person("zoe")
    vic = await there.team.person("vic")
    assert [hit async for hit in search_archive(there.app, zoe, "Done")] == []
    assert [hit async for hit in search_archive(there.app, vic, "Done")] != []


async def test_search_looks_through_the_other_files_where_one_is_damaged(there, away):
    away.write_bytes(away.read_bytes()[:-50])
    there.later(1)
    await there.worked("Three")
    there.later()
    await there.put(before=there.team.clock.now().date())
    with pytest.raises(ArchiveDamaged, match=away.name):
        _ = [hit async for hit in search_archive(there.app, ROOT, "Done")]
    found = [hit async for hit in damaged_or_not(search_archive(there.app, ROOT, "Done"))]
    assert {hit.run_id for hit in found} >= {"AUTH-3-1.write-1"}


async def damaged_or_not(hits):
    """Yield what was found before something was found to be wrong."""
    try:
        async for hit in hits:
            yield hit
    except ArchiveDamaged:
        return
