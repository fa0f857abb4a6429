"""What the server knows of a relation: which one a name means, its columns and keys, and the SQL that reads it."""
