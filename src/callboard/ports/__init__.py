"""What Callboard needs from outside: small protocols, and the values that cross them."""
