"""The summary for a data protection impact assessment."""
