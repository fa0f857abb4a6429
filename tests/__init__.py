"""The tests: one file a room, against a real server and real processes."""
