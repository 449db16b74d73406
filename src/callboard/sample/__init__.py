"""A sample organisation: people, agents and sixty days of work, for whoever wants to look around.

Nothing but the words of the models is made up: every record is written by the use cases and every run by the run
loop, in a home that is taken away afterwards. The past is lived through quickly, with a clock that is moved by hand
and files in memory; the present works on real repositories.
"""
