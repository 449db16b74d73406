"""Machines with homes of their own on one database: each signs with its own key, and all of them can verify."""

from tests.cli.shell import say


def test_every_machine_verifies_what_another_one_ran(shell, model, tmp_path, postgres_database):
    shell.agent()
    homes = [tmp_path / "here", tmp_path / "there"]
    machines = [
        {"CALLBOARD_DATABASE_URL": postgres_database, "CALLBOARD_HOME": str(home)} for home in homes
    ]
    for number in range(4):
        model.will(say("Done."))
        done = shell("run", "helper", "Go", "--run-id", f"r{number}", **machines[number % 2])
        assert done.code == 0
    for number in range(4):
        for machine in machines:
            verified = shell("runs", "verify", f"r{number}", **machine)
            assert verified.code == 0, verified.out
