"""Notifies recipients of erased, restricted or corrected data, and records their answers."""
