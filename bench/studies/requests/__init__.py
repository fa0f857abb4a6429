"""What does a request cost: its peak, how many fit a worker, and for how long does it block the others?"""
