"""The tables of entries that operators register."""
