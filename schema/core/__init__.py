"""What everything here stands on: errors, scalars, sources of fields."""
