package weir.compat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.apache.paimon.append.AppendCompactCoordinator;
import org.apache.paimon.append.AppendCompactTask;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.manifest.BucketEntry;
import org.apache.paimon.operation.BaseAppendFileStoreWrite;
import org.apache.paimon.table.BucketMode;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.TableCommitImpl;
import org.apache.paimon.table.sink.TableWriteImpl;

/** One writer and its committer, for one commit: a writer that lived longer would not see what weir wrote meanwhile. */
final class Job implements AutoCloseable {
    private final FileStoreTable table;
    private final String user;
    private final TableWriteImpl<?> write;
    private final TableCommitImpl commit;

    /** overwrite: null appends; else the partition to replace (an empty one of a partitioned table: those written). */
    Job(FileStoreTable table, String user, Map<String, String> overwrite) {
        this.table = table;
        this.user = user;
        write = (TableWriteImpl<?>) table.newWrite(user).withIOManager(Reads.spill());
        commit = table.newCommit(user);
        commit.ignoreEmptyCommit(true);
        if (overwrite != null) {
            commit.withOverwrite(overwrite);
            write.withIgnorePreviousFiles(true);
        }
    }

    void write(List<? extends InternalRow> rows, long identifier) throws Exception {
        for (InternalRow row : rows) {
            write.write(row);
        }
        commit.commit(identifier, write.prepareCommit(true, identifier));
    }

    /** Compacts every bucket. */
    void compact(boolean full, long identifier) throws Exception {
        if (table.bucketMode() == BucketMode.BUCKET_UNAWARE) {
            commit.commit(identifier, compactUnaware(full));
            return;
        }
        for (BucketEntry bucket : table.newSnapshotReader().bucketEntries()) {
            write.compact(bucket.partition(), bucket.bucket(), full);
        }
        commit.commit(identifier, write.prepareCommit(true, identifier));
    }

    private List<CommitMessage> compactUnaware(boolean full) throws Exception {
        FileStoreTable eager = full ? table.copy(Map.of("compaction.min.file-num", "2")) : table;
        List<CommitMessage> messages = new ArrayList<>();
        BaseAppendFileStoreWrite append = (BaseAppendFileStoreWrite) eager.store().newWrite(user);
        append.withIOManager(Reads.spill());
        for (AppendCompactTask task : new AppendCompactCoordinator(eager, false).run()) {
            messages.add(task.doCompact(eager, append));
        }
        append.close();
        return messages;
    }

    @Override
    public void close() throws Exception {
        write.close();
        commit.close();
    }
}
