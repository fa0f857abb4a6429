"""How figures look: tables, charts, progress, and the blocks of the pages. Nothing here knows a study."""
