"""What one would pick instead: each script names the scenario that it stands in for, and what one loses."""
