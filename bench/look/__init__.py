"""How figures look: tables, charts, and the blocks of the pages. Nothing here knows a study."""
