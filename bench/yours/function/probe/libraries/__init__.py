"""What the libraries tell of their statements and rows: SQLAlchemy, Django and the drivers."""
