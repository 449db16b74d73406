"""Scripted turns as the bytes of each vendor's stream."""
