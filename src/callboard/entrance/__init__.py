"""The way in: who asks, from where, and what every answer bears. Shared by the API and the screens."""
