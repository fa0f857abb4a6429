"""One question each: its `measure` decides, its `page` shows, and `study` says what these have."""
