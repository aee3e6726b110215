"""The tables, one migration after the other; `PRAGMA user_version` counts them."""

import sqlite3

from engine.errors import StorageError

MIGRATIONS = (
    """
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        source BLOB NOT NULL,        -- a path in the encoding of the file system
        created_at TEXT NOT NULL,    -- ISO 8601, UTC
        heard_s REAL NOT NULL,
        duration_s REAL NOT NULL,
        complete INTEGER NOT NULL,
        details TEXT NOT NULL        -- the rest of the transcript but its segments, JSON
    );
    CREATE TABLE segments (
        document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        start_s REAL NOT NULL,
        text TEXT NOT NULL,          -- as shown, for searching
        details TEXT NOT NULL,       -- the whole segment, JSON
        PRIMARY KEY (document_id, start_s)
    );
    CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Brings a library to the newest form, each step in a transaction of its own.

    Raises:
        StorageError: a newer Wildscribe made it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StorageError(
            "The library was made by a newer version of Wildscribe.",
            "It was not touched.",
            "Update Wildscribe, or start it with another --data folder.",
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
