package weir.compat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.UUID;

import org.apache.paimon.fs.FileIO;
import org.apache.paimon.fs.FileIOLoader;
import org.apache.paimon.fs.Path;
import org.apache.paimon.fs.local.LocalFileIO;
import org.apache.paimon.fs.local.LocalFileIOLoader;

/**
 * Local files whose atomic creation cannot overwrite: what is to appear is written beside and hard-linked to its name,
 * and link(2) fails where there is one already. Paimon's own looks whether the file exists, and renames: of two processes
 * that look at the same time, the second replaces the first one's snapshot.
 *
 * Snapshots and schemas are published through this one method. Give the loader to {@code CatalogContext.create} as the
 * preferred one.
 */
final class LinkingFileIO extends LocalFileIO {
    @Override
    public boolean tryToWriteAtomic(Path path, String content) throws IOException {
        File target = toFile(path);
        target.getParentFile().mkdirs();
        java.nio.file.Path draft = target.toPath().resolveSibling("." + target.getName() + "." + UUID.randomUUID() + ".tmp");
        Files.write(draft, content.getBytes(StandardCharsets.UTF_8));
        try {
            Files.createLink(target.toPath(), draft);
            return true;
        } catch (FileAlreadyExistsException taken) {
            return false;
        } finally {
            Files.delete(draft);
        }
    }

    static final class Loader implements FileIOLoader {
        @Override
        public String getScheme() {
            return LocalFileIOLoader.SCHEME;
        }

        @Override
        public FileIO load(Path path) {
            return new LinkingFileIO();
        }
    }
}
