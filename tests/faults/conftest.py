from tests.cli.conftest import bare, model, new_database, shell

__all__ = ["bare", "model", "new_database", "shell"]
