"""Makes exports."""
