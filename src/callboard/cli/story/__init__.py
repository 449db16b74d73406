"""What happened, told to people: a line or two per event that matters to them.

The same story is told while a run is under way and afterwards from its log.
"""
