"""The organisation: its people, its spaces, who may do what, and the records that say so."""
