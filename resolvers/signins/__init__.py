"""Sign-ins on record: where, on which device, whether unusual."""
