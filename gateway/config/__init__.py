"""Settings, from the environment, validated at the start."""
