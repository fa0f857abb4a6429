"""How a script is run, and what is stored of what it said: nothing here knows a study or a table."""
