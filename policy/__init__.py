"""Floor 1, why: purposes, categories, rules and dates as pure values, standard library only."""
