"""Exports of runs: how they are written, and how somebody checks them who trusts nobody."""
