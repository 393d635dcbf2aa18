package weir.compat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.apache.paimon.data.InternalRow;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.source.DataSplit;
import org.apache.paimon.table.source.ReadBuilder;
import org.apache.paimon.table.source.Split;
import org.apache.paimon.table.source.StreamTableScan;
import org.apache.paimon.table.source.TableRead;
import org.apache.paimon.types.RowType;

/** Reading as lines: a state, the changes of each snapshot, the full state that a stream starts with. */
final class Reads {
    private static IOManager spill;

    private Reads() {}

    /** Where merges spill to: one directory, gone when the program ends. */
    static synchronized IOManager spill() {
        if (spill == null) {
            try {
                Path directory = Files.createTempDirectory("weir-compat-java");
                spill = IOManager.create(directory.toString());
                Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteTree(directory)));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
        return spill;
    }

    private static void deleteTree(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            paths.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException alreadyGone) {
            // nothing is left to delete
        }
    }

    /** A batch read under options such as scan.snapshot-id; sorted. */
    static List<String> state(FileStoreTable table, Map<String, String> options) throws Exception {
        FileStoreTable view = options.isEmpty() ? table : table.copy(options);
        ReadBuilder builder = view.newReadBuilder();
        RowType type = view.rowType();
        List<String> lines = new ArrayList<>();
        read(builder, builder.newScan().plan().splits(), row -> lines.add(Rows.encRow(row, type, false)));
        Collections.sort(lines);
        return lines;
    }

    /** What a streaming reader gets for each snapshot in [from, to], in its order; snapshots that give nothing have no entry. */
    static Map<Long, List<String>> changes(FileStoreTable table, long from, long to) throws Exception {
        FileStoreTable view = startingAt(table, "from-snapshot", from);
        ReadBuilder builder = view.newReadBuilder();
        StreamTableScan scan = builder.newStreamScan();
        Map<Long, List<String>> bySnapshot = new TreeMap<>();
        scan.plan(); // the first plan of from-snapshot only takes the position
        while (scan.checkpoint() != null && scan.checkpoint() <= to) {
            long next = scan.checkpoint();
            for (Split split : scan.plan().splits()) {
                long id = ((DataSplit) split).snapshotId();
                if (id <= to) {
                    List<String> lines = bySnapshot.computeIfAbsent(id, x -> new ArrayList<>());
                    read(builder, List.of(split), row -> lines.add(Rows.encRow(row, view.rowType(), true)));
                }
            }
            if (scan.checkpoint() == next) {
                break;
            }
        }
        return bySnapshot;
    }

    /** The first rows that a streaming reader gets from the changes of a snapshot on, in its order; it waits for them. */
    static List<String> follow(FileStoreTable table, long from, int rows) throws Exception {
        FileStoreTable view = startingAt(table, "from-snapshot", from);
        ReadBuilder builder = view.newReadBuilder();
        StreamTableScan scan = builder.newStreamScan();
        List<String> lines = new ArrayList<>();
        while (lines.size() < rows) {
            List<Split> splits = scan.plan().splits();
            read(builder, splits, row -> lines.add(Rows.encRow(row, view.rowType(), true)));
            if (splits.isEmpty()) {
                Thread.sleep(50);
            }
        }
        return lines;
    }

    /** The full state that a streaming reader starts with at a snapshot; sorted. */
    static List<String> fullState(FileStoreTable table, long id) throws Exception {
        FileStoreTable view = startingAt(table, "from-snapshot-full", id);
        ReadBuilder builder = view.newReadBuilder();
        List<String> lines = new ArrayList<>();
        read(builder, builder.newStreamScan().plan().splits(), row -> lines.add(Rows.encRow(row, view.rowType(), true)));
        Collections.sort(lines);
        return lines;
    }

    private static FileStoreTable startingAt(FileStoreTable table, String mode, long id) {
        Map<String, String> options = new HashMap<>();
        options.put("scan.mode", mode);
        options.put("scan.snapshot-id", String.valueOf(id));
        return table.copyWithoutTimeTravel(options);
    }

    private static void read(ReadBuilder builder, List<Split> splits, Consumer<InternalRow> out) throws Exception {
        TableRead read = builder.newRead().withIOManager(spill());
        for (Split split : splits) {
            try (RecordReader<InternalRow> rows = read.createReader(split)) {
                rows.forEachRemaining(out);
            }
        }
    }
}
