"""What does a whole worker take before its first row: imports, classes, routes, caches and connections?"""
