"""What the page says of each cause, and of each thing that is tried against it, with its source."""

from bench.studies.uptime.measure import CAUSES

SQLALCHEMY = "https://github.com/sqlalchemy/sqlalchemy/blob/rel_2_1_9/lib/sqlalchemy"
TITLES = {
    "ORed terms": "`or_()` of 1 to 200 terms: a statement each in [SQLAlchemy's cache]"
    f"({SQLALCHEMY}/util/_collections.py#L534)",
    "literals": "A number written into `text()`: a statement each, of which the cache keeps 500 to 750",
    "engines": "An engine for each request: a cache and a pool each, until the collector comes",
    "values": f"`values()` of 1 to 50 rows: [no cache keeps it]({SQLALCHEMY}/sql/cache_key.py#L894), so nothing grows",
    "changed entities": "One session with `autoflush=False`, entities changed: it holds them "
    f"[until they are flushed]({SQLALCHEMY}/orm/state.py#L938)",
    "a parent's children": "One session that expires nothing, children of one parent: the collection holds them",
    "cached entities": "`cache` of entities: each with all that it refers to",
    "cycles": "An error kept in its own frame: a [cycle](https://docs.python.org/3/library/gc.html#gc.set_threshold) "
    "with the request's body, which waits for the collector",
    "log records": "A handler that keeps the last 1,000 records: each has [all parameters]"
    f"({SQLALCHEMY}/engine/base.py#L200)",
    "tasks": "A task for each request that waits for an answer without a timeout",
    "malloc": "Sixteen threads, a row of each response kept for a while: [an arena a thread]"
    "(https://man7.org/linux/man-pages/man3/mallopt.3.html), which cannot shrink",
}
CURES = {
    ("ORed terms", "IN"): f"`in_()`, [one statement]({SQLALCHEMY}/sql/coercions.py#L889)",
    ("literals", "bound"): "a bound parameter",
    ("engines", "one"): "one engine",
    ("values", ""): "nothing: it takes time to compile, not memory",
    ("changed entities", "a session each"): "a session for each job, and a commit",
    ("a parent's children", "a session each"): "a session for each job; the key in place of the parent",
    ("cached entities", "values"): "`lru_cache(maxsize=128)` of values",
    ("cycles", "let go"): "the error let go: what is needed of it, kept",
    ("log records", "hidden"): "`create_engine(…, hide_parameters=True)`",
    ("tasks", "timeout"): "`asyncio.wait_for(…, timeout)`",
    ("malloc", "two arenas"): "`MALLOC_ARENA_MAX=2`",
    ("malloc", "malloc_trim"): "`malloc_trim(0)` every 500 requests",
    ("malloc", "jemalloc"): "jemalloc by `LD_PRELOAD`: it gives back only [after ten seconds]"
    "(https://jemalloc.net/jemalloc.3.html#opt.dirty_decay_ms)",
    ("malloc", "jemalloc, set"): "jemalloc, `MALLOC_CONF=narenas:2,dirty_decay_ms:1000`",
}
assert TITLES.keys() == CAUSES.keys()
