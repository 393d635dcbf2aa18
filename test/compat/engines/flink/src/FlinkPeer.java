import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Flink SQL in one embedded cluster over a Paimon warehouse (the argument), its catalog current.
 *
 * <p>A request is a line on stdin: {"sql": "..."} runs as a batch; with "rows": n as a stream that is stopped after n
 * rows. The answer is a line on stdout, {"ok": [lines]} or {"error": "..."}: rows in the encoding of the golden files,
 * those of a stream with "_kind" first.
 */
public class FlinkPeer {
    private static final DateTimeFormatter DATE_TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.nnnnnnnnn");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err); // libraries print, too
        TableEnvironment batch = environment(args[0], false);
        TableEnvironment stream = environment(args[0], true);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode request = JSON.readTree(line);
            Map<String, Object> answer;
            try {
                String sql = request.get("sql").asText();
                boolean unbounded = request.has("rows");
                answer = Map.of("ok", run(unbounded ? stream : batch, sql, unbounded ? request.get("rows").asLong() : -1));
            } catch (Throwable failure) {
                Throwable cause = failure;
                while (cause.getCause() != null) cause = cause.getCause();
                answer = Map.of("error", cause.toString());
            }
            answers.println(JSON.writeValueAsString(answer));
        }
        System.exit(0); // the cluster leaves threads behind
    }

    private static TableEnvironment environment(String warehouse, boolean streaming) {
        Configuration conf = new Configuration();
        conf.setString("parallelism.default", "1");
        conf.setString("taskmanager.memory.network.min", "64mb");
        conf.setString("taskmanager.memory.network.max", "64mb");
        conf.setString("rest.bind-port", "0");
        conf.setString("table.dml-sync", "true");
        conf.setString("table.local-time-zone", "UTC");
        EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance().withConfiguration(conf);
        TableEnvironment env = TableEnvironment.create((streaming ? settings.inStreamingMode() : settings.inBatchMode()).build());
        env.executeSql("CREATE CATALOG p WITH ('type'='paimon', 'warehouse'='file://" + warehouse + "')");
        env.executeSql("USE CATALOG p");
        return env;
    }

    /** All rows of a statement; with a limit of 0 or more the first rows of a stream, and their kinds. */
    private static List<String> run(TableEnvironment env, String sql, long limit) throws Exception {
        TableResult result = env.executeSql(sql);
        List<String> names = result.getResolvedSchema().getColumnNames();
        List<String> lines = new ArrayList<>();
        try (CloseableIterator<Row> rows = result.collect()) {
            while ((limit < 0 || lines.size() < limit) && rows.hasNext()) {
                Row row = rows.next();
                StringBuilder line = new StringBuilder("{");
                if (limit >= 0) line.append("\"_kind\":").append(quoted(row.getKind().shortString())).append(',');
                for (int i = 0; i < names.size(); i++) {
                    line.append(i == 0 ? "" : ",").append(quoted(names.get(i))).append(':').append(json(row.getField(i)));
                }
                lines.add(line.append('}').toString());
            }
        }
        return lines;
    }

    private static String json(Object value) throws Exception {
        if (value == null) return "null";
        if (value instanceof Byte || value instanceof Short || value instanceof Integer || value instanceof Boolean) return value.toString();
        if (value instanceof BigDecimal) return quoted(((BigDecimal) value).toPlainString());
        if (value instanceof byte[]) return quoted(HexFormat.of().formatHex((byte[]) value));
        if (value instanceof LocalTime) return quoted(TIME.format((LocalTime) value));
        if (value instanceof LocalDateTime) return quoted(DATE_TIME.format((LocalDateTime) value));
        if (value instanceof Instant) return quoted(DATE_TIME.format(((Instant) value).atOffset(ZoneOffset.UTC)) + "Z");
        if (value instanceof Long || value instanceof Float || value instanceof Double || value instanceof String || value instanceof LocalDate) {
            return quoted(value.toString());
        }
        if (value.getClass().isArray()) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) items.add(json(java.lang.reflect.Array.get(value, i)));
            return "[" + String.join(",", items) + "]";
        }
        if (value instanceof Map) {
            TreeMap<String, String> pairs = new TreeMap<>();
            for (Map.Entry<?, ?> pair : ((Map<?, ?>) value).entrySet()) pairs.put(json(pair.getKey()), json(pair.getValue()));
            List<String> items = new ArrayList<>();
            pairs.forEach((key, item) -> items.add("[" + key + "," + item + "]"));
            return "[" + String.join(",", items) + "]";
        }
        Row row = (Row) value;
        List<String> members = new ArrayList<>();
        for (String name : row.getFieldNames(true)) members.add(quoted(name) + ":" + json(row.getField(name)));
        return "{" + String.join(",", members) + "}";
    }

    private static String quoted(String text) throws Exception {
        return JSON.writeValueAsString(text);
    }
}
