"""What do several workers of one application take, apart or forked, and what does freezing the collector save?"""
