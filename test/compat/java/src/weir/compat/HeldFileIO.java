package weir.compat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;

import org.apache.paimon.fs.FileIO;
import org.apache.paimon.fs.FileIOLoader;
import org.apache.paimon.fs.Path;
import org.apache.paimon.fs.local.LocalFileIO;
import org.apache.paimon.fs.local.LocalFileIOLoader;

/**
 * Paimon's own way of publishing on a local disk, an existence check and then a rename that overwrites, with the moment
 * between the two made as long as a test needs it:
 *
 * <pre>
 *   arm() ... exists? no ──> reached ......... release() ──> rename over whatever is there by now
 * </pre>
 */
final class HeldFileIO extends LocalFileIO {
    private static volatile CountDownLatch reached = new CountDownLatch(0);
    private static volatile CountDownLatch released = new CountDownLatch(0);

    /** The next snapshot is held before its rename. */
    static synchronized void arm() {
        reached = new CountDownLatch(1);
        released = new CountDownLatch(1);
    }

    static void awaitReached() throws InterruptedException {
        reached.await();
    }

    static void release() {
        released.countDown();
    }

    @Override
    public boolean tryToWriteAtomic(Path path, String content) throws IOException {
        File target = toFile(path);
        if (!target.getName().startsWith("snapshot-")) {
            return super.tryToWriteAtomic(path, content);
        }
        if (target.exists()) {
            return false;
        }
        java.nio.file.Path draft = target.toPath().resolveSibling("." + target.getName() + "." + UUID.randomUUID() + ".tmp");
        target.getParentFile().mkdirs();
        Files.write(draft, content.getBytes(StandardCharsets.UTF_8));
        reached.countDown();
        try {
            released.await();
        } catch (InterruptedException stopped) {
            throw new IOException(stopped);
        }
        Files.move(draft, target.toPath(), StandardCopyOption.ATOMIC_MOVE);
        return true;
    }

    static final class Loader implements FileIOLoader {
        @Override
        public String getScheme() {
            return LocalFileIOLoader.SCHEME;
        }

        @Override
        public FileIO load(Path path) {
            return new HeldFileIO();
        }
    }
}
