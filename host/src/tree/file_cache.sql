BEGIN IMMEDIATE;
DROP TABLE IF EXISTS file;
CREATE TABLE file (
    source TEXT NOT NULL, path TEXT NOT NULL,
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,
    blocks BLOB NOT NULL, lost TEXT NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (source, path)
) WITHOUT ROWID;
DROP TABLE IF EXISTS module;
CREATE TABLE module (
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, ctime INTEGER NOT NULL, compression TEXT NOT NULL,
    modinfo BLOB NOT NULL, names BLOB NOT NULL, messages BLOB NOT NULL, imports BLOB NOT NULL,
    unused INTEGER NOT NULL, sum BLOB NOT NULL,
    UNIQUE (dev, ino, size, mtime, ctime, compression)
);
