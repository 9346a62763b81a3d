package io.merklite.wal.archive;

class DirectoryArchiveTest extends ArchiveContract {
    @Override
    LogStore store() {
        return new DirectoryLogStore(directory.resolve("store"));
    }
}
