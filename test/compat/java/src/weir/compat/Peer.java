package weir.compat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.fs.FileIOLoader;
import org.apache.paimon.fs.Path;
import org.apache.paimon.fs.local.LocalFileIO;
import org.apache.paimon.operation.LocalOrphanFilesClean;
import org.apache.paimon.options.ExpireConfig;
import org.apache.paimon.options.Options;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.schema.SchemaChange;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.TextNode;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.types.DataTypeJsonParser;
import org.apache.paimon.types.RowType;

/**
 * Paimon's Java library as a process that does what it is told: a JSON object a line on standard input, an answer a line
 * on standard output, until the input ends. Each command runs in a thread of its own; answers come as they are ready.
 *
 * <pre>
 *   {"id": 7, "command": "read", "warehouse": "/w", "table": "db.t", "fileIO": "renaming", "options": {"scan.snapshot-id": "3"}}
 *   {"id": 7, "result": ["{\"k\":1}"]}          or   {"id": 7, "error": "class: message, root cause last"}
 * </pre>
 *
 * {@code fileIO} of a command: `renaming` (Paimon's own), `linking` ({@link LinkingFileIO}) or `held`
 * ({@link HeldFileIO}).
 */
public final class Peer {
    private final Map<String, Catalog> catalogs = new LinkedHashMap<>();

    public static void main(String[] args) throws Exception {
        PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        Peer peer = new Peer();
        ExecutorService threads = Executors.newCachedThreadPool();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            JsonNode command = Rows.JSON.readTree(line);
            threads.submit(() -> {
                String answer = peer.answer(command);
                synchronized (answers) {
                    answers.println(answer);
                    answers.flush();
                }
            });
        }
        System.exit(0);
    }

    private String answer(JsonNode command) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", command.get("id").asLong());
        try {
            answer.put("result", run(command));
        } catch (Throwable e) {
            answer.put("error", explain(e));
        }
        try {
            return Rows.JSON.writeValueAsString(answer);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Object run(JsonNode command) throws Exception {
        String name = command.get("command").asText();
        switch (name) {
            case "hold":
                HeldFileIO.arm();
                return null;
            case "awaitHeld":
                HeldFileIO.awaitReached();
                return null;
            case "release":
                HeldFileIO.release();
                return null;
            case "createTable":
                createTable(command);
                return null;
            case "dropTable":
                catalog(command).dropTable(Identifier.fromString(command.get("table").asText()), false);
                return null;
            case "alterTable":
                alterTable(command);
                return null;
            default:
                return onTable(name, table(command), command);
        }
    }

    private Object onTable(String name, FileStoreTable table, JsonNode command) throws Exception {
        switch (name) {
            case "read":
                return Reads.state(table, texts(command.get("options")));
            case "changes":
                return Reads.changes(table, command.get("from").asLong(), command.get("to").asLong());
            case "fullState":
                return Reads.fullState(table, command.get("snapshot").asLong());
            case "write":
                try (Job job = job(table, command)) {
                    job.write(rows(table.rowType(), command.get("rows")), command.get("identifier").asLong());
                }
                return table.snapshotManager().latestSnapshotId();
            case "compact":
                try (Job job = job(table.copy(Map.of("write-only", "false")), command)) {
                    job.compact(command.get("full").asBoolean(), command.get("identifier").asLong());
                }
                return table.snapshotManager().latestSnapshotId();
            case "expire":
                return table.newExpireSnapshots()
                        .config(ExpireConfig.builder().snapshotRetainMin(command.get("keep").asInt()).snapshotRetainMax(command.get("keep").asInt())
                                .snapshotTimeRetain(Duration.ZERO).build())
                        .expire();
            case "removeOrphans": {
                List<String> removed = new ArrayList<>();
                for (Path path : new LocalOrphanFilesClean(table, command.get("olderThan_ms").asLong(), false).clean().getDeletedFilesPath()) {
                    removed.add(path.toUri().getPath());
                }
                return removed;
            }
            case "createTag":
                table.createTag(command.get("tag").asText(), command.get("snapshot").asLong());
                return null;
            case "rollback":
                if (command.has("tag")) {
                    table.rollbackTo(command.get("tag").asText());
                } else {
                    table.rollbackTo(command.get("snapshot").asLong());
                }
                return null;
            case "follow":
                return Reads.follow(table, command.get("from").asLong(), command.get("rows").asInt());
            default:
                throw new IllegalArgumentException("no command " + name);
        }
    }

    private void createTable(JsonNode command) throws Exception {
        Schema.Builder schema = Schema.newBuilder().options(texts(command.get("options")));
        command.get("schema").fields().forEachRemaining(
                column -> schema.column(column.getKey(), DataTypeJsonParser.parseDataType(new TextNode(column.getValue().asText()))));
        schema.primaryKey(list(command.get("primaryKey"))).partitionKeys(list(command.get("partitionBy")));
        Identifier name = Identifier.fromString(command.get("table").asText());
        Catalog catalog = catalog(command);
        catalog.createDatabase(name.getDatabaseName(), true);
        catalog.createTable(name, schema.build(), false);
    }

    private Job job(FileStoreTable table, JsonNode command) {
        Map<String, String> options = texts(command.get("options"));
        JsonNode overwrite = command.get("overwrite");
        return new Job(options.isEmpty() ? table : table.copy(options), command.get("user").asText(), overwrite == null ? null : texts(overwrite));
    }

    /** Options set and removed, columns added (all of them nullable), as one change. */
    private void alterTable(JsonNode command) throws Exception {
        List<SchemaChange> changes = new ArrayList<>();
        texts(command.get("set")).forEach((key, value) -> changes.add(SchemaChange.setOption(key, value)));
        list(command.get("reset")).forEach(key -> changes.add(SchemaChange.removeOption(key)));
        texts(command.get("add")).forEach(
                (name, type) -> changes.add(SchemaChange.addColumn(name, DataTypeJsonParser.parseDataType(new TextNode(type)))));
        catalog(command).alterTable(Identifier.fromString(command.get("table").asText()), changes, false);
    }

    private FileStoreTable table(JsonNode command) throws Exception {
        FileStoreTable table = (FileStoreTable) catalog(command).getTable(Identifier.fromString(command.get("table").asText()));
        Class<?> published = loaderOf(command) == null ? LocalFileIO.class : loaderOf(command).load(table.location()).getClass();
        if (table.fileIO().getClass() != published) {
            throw new IllegalStateException("files go through " + table.fileIO().getClass() + ", not " + published);
        }
        return table;
    }

    /** One catalog a warehouse and way of publishing; nothing is cached in it, for others change the tables. */
    private synchronized Catalog catalog(JsonNode command) {
        String warehouse = Paths.get(command.get("warehouse").asText()).toAbsolutePath().toUri().toString();
        FileIOLoader loader = loaderOf(command);
        return catalogs.computeIfAbsent(command.get("fileIO").asText() + " " + warehouse, key -> {
            Options options = new Options();
            options.set("warehouse", warehouse);
            options.set("cache-enabled", "false");
            return CatalogFactory.createCatalog(CatalogContext.create(options, loader, null));
        });
    }

    /** null: Paimon's own. */
    private static FileIOLoader loaderOf(JsonNode command) {
        String fileIO = command.get("fileIO").asText();
        return fileIO.equals("linking") ? new LinkingFileIO.Loader() : fileIO.equals("held") ? new HeldFileIO.Loader() : null;
    }

    private static List<GenericRow> rows(RowType type, JsonNode lines) throws Exception {
        List<GenericRow> rows = new ArrayList<>();
        for (JsonNode line : lines) {
            rows.add(Rows.fromJson(type, line.asText()));
        }
        return rows;
    }

    private static Map<String, String> texts(JsonNode node) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (node != null) {
            node.fields().forEachRemaining(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
        }
        return texts;
    }

    private static List<String> list(JsonNode node) {
        List<String> list = new ArrayList<>();
        if (node != null) {
            node.forEach(item -> list.add(item.asText()));
        }
        return list;
    }

    /** The failure and its root, with the place it came from. */
    private static String explain(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        StringBuilder text = new StringBuilder(failure.toString());
        if (root != failure) {
            text.append(" / ").append(root);
        }
        for (int i = 0; i < Math.min(6, root.getStackTrace().length); i++) {
            text.append("\n    at ").append(root.getStackTrace()[i]);
        }
        return text.toString();
    }
}
