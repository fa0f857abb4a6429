"""How scripts are run, and what is stored of what they write: nothing here knows a study or a table."""
