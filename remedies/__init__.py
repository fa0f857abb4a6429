"""What to write instead: each script names what it is compared with, and what one loses."""
