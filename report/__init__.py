"""How figures look: tables, charts, progress, and the blocks of README. Nothing here knows a study."""
