"""Who somebody is, according to an identity provider."""
