"""The gateway put together from its settings, and taken apart again."""
