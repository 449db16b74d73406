"""What people see of text, code, changes, numbers and workflows: pure functions that make markup."""
