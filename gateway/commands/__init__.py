"""The commands of the command line `gateway`, one module for each group."""
