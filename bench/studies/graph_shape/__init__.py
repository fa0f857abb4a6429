"""What does a family of another shape take: more children, grandchildren, two collections? On a server of its own.

A few base families are measured for each way to load. What their parts take follows from them, and from the parts what
families of other shapes take (`model`): these are measured, too, and show whether that is true.
"""
