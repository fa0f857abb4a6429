"""What a row of any relation costs in each layer: read, measured, and what follows from it."""
