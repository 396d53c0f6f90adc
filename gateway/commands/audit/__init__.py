"""The commands of `gateway audit`, one module for each group."""
