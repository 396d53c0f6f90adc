"""`gateway audit`, one file for each group of its commands."""
