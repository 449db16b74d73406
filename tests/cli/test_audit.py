"""The audit log from the command line."""

import sqlite3


def test_every_change_is_listed_and_a_changed_trail_is_found_out(bare):
    assert bare("spaces", "create", "shop", "--name", "Shop", "--prefix", "SHOP").code == 0
    assert bare("spaces", "set", "shop", "--description", "Where things are sold").code == 0
    newest, first = bare("audit", "list", "--record", "space:shop", "--json").json
    assert (first["action"], newest["action"]) == ("space.create", "space.manage")
    assert newest["changes"][0]["after"] == {"description": "Where things are sold"}
    assert bare("audit", "verify").code == 0
    with sqlite3.connect(bare.home / "callboard.db") as raw:
        raw.executescript(
            "DROP TRIGGER audit_no_update; UPDATE audit SET body = replace(body, 'sold', 'lost')"
        )
    raw.close()
    refused = bare("audit", "verify", "--json")
    assert (refused.code, refused.json["intact"]) == (1, False)


def test_what_is_no_record_is_refused(bare):
    refused = bare("audit", "list", "--record", "nonsense")
    assert (refused.code, "KIND:KEY" in refused.err) == (2, True)
