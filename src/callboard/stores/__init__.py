"""Where runs are kept and how they are handed to whoever drives them."""
