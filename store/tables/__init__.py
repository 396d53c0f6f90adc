"""The tables of customer data, one file for each capability."""
