"""What does a row of another shape cost, in each layer: with more columns, or of other types? On a server of its own.

A row's cost is its overhead, which depends on the layer and on the number of columns, and its values, which cost the
same in every layer. Overheads and values are measured apart; three tables that took no part say whether that is true.
"""
