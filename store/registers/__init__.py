"""The tables of what operators register."""
