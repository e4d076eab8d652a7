"""Installation: the hooks in the shells' start files, and a look at whether everything works."""
