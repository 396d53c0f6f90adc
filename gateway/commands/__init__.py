"""The commands of `gateway`, one file for each group of them."""
