package weir.compat;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.Decimal;
import org.apache.paimon.data.GenericArray;
import org.apache.paimon.data.GenericMap;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.InternalArray;
import org.apache.paimon.data.InternalMap;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.data.variant.Variant;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.paimon.types.ArrayType;
import org.apache.paimon.types.DataField;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.DecimalType;
import org.apache.paimon.types.MapType;
import org.apache.paimon.types.MultisetType;
import org.apache.paimon.types.RowKind;
import org.apache.paimon.types.RowType;

/** Rows as JSON lines, exact for every type, in the encoding of the golden tables (their ENCODING.md). */
final class Rows {
    static final ObjectMapper JSON = new ObjectMapper();

    private Rows() {}

    private static final DateTimeFormatter TS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS");
    private static final DateTimeFormatter TM = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    /** The text that JavaScript's JSON.stringify gives. */
    static void quote(StringBuilder b, String s) {
        b.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"': b.append("\\\""); break;
                case '\\': b.append("\\\\"); break;
                case '\b': b.append("\\b"); break;
                case '\t': b.append("\\t"); break;
                case '\n': b.append("\\n"); break;
                case '\f': b.append("\\f"); break;
                case '\r': b.append("\\r"); break;
                default:
                    boolean lone = Character.isSurrogate(c)
                            && !(Character.isHighSurrogate(c) && i + 1 < s.length() && Character.isLowSurrogate(s.charAt(i + 1)))
                            && !(Character.isLowSurrogate(c) && i > 0 && Character.isHighSurrogate(s.charAt(i - 1)));
                    if (c < 0x20 || lone) {
                        b.append(String.format("\\u%04x", (int) c));
                    } else {
                        b.append(c);
                    }
            }
        }
        b.append('"');
    }

    static void enc(StringBuilder b, Object v, DataType t) {
        if (v == null) {
            b.append("null");
            return;
        }
        switch (t.getTypeRoot()) {
            case BOOLEAN:
            case TINYINT:
            case SMALLINT:
            case INTEGER:
                b.append(v);
                break;
            case BIGINT:
            case FLOAT:
            case DOUBLE:
                b.append('"').append(v).append('"');
                break;
            case CHAR:
            case VARCHAR:
                quote(b, v.toString());
                break;
            case BINARY:
            case VARBINARY:
                b.append('"').append(HexFormat.of().formatHex((byte[]) v)).append('"');
                break;
            case DECIMAL:
                b.append('"').append(((Decimal) v).toBigDecimal().toPlainString()).append('"');
                break;
            case DATE:
                b.append('"').append(LocalDate.ofEpochDay((Integer) v)).append('"');
                break;
            case TIME_WITHOUT_TIME_ZONE:
                b.append('"').append(TM.format(LocalTime.ofNanoOfDay(((Integer) v) * 1_000_000L))).append('"');
                break;
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                b.append('"').append(TS.format(((Timestamp) v).toLocalDateTime())).append('"');
                break;
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                b.append('"').append(TS.format(((Timestamp) v).toLocalDateTime())).append("Z\"");
                break;
            case ARRAY: {
                encArray(b, (InternalArray) v, ((ArrayType) t).getElementType());
                break;
            }
            case MAP:
                encMap(b, (InternalMap) v, ((MapType) t).getKeyType(), ((MapType) t).getValueType());
                break;
            case MULTISET:
                encMap(b, (InternalMap) v, ((MultisetType) t).getElementType(), DataTypes.INT());
                break;
            case ROW:
                encRow(b, (InternalRow) v, (RowType) t, false);
                break;
            case VARIANT: {
                Variant x = (Variant) v;
                b.append("{\"value\":\"").append(HexFormat.of().formatHex(x.value())).append("\",\"metadata\":\"")
                        .append(HexFormat.of().formatHex(x.metadata())).append("\"}");
                break;
            }
            default:
                throw new UnsupportedOperationException(t.toString());
        }
    }

    private static void encArray(StringBuilder b, InternalArray a, DataType et) {
        InternalArray.ElementGetter g = InternalArray.createElementGetter(et);
        b.append('[');
        for (int i = 0; i < a.size(); i++) {
            if (i > 0) {
                b.append(',');
            }
            enc(b, g.getElementOrNull(a, i), et);
        }
        b.append(']');
    }

    private static void encMap(StringBuilder b, InternalMap m, DataType kt, DataType vt) {
        InternalArray ks = m.keyArray();
        InternalArray vs = m.valueArray();
        InternalArray.ElementGetter kg = InternalArray.createElementGetter(kt);
        InternalArray.ElementGetter vg = InternalArray.createElementGetter(vt);
        TreeMap<String, String> sorted = new TreeMap<>();
        for (int i = 0; i < m.size(); i++) {
            StringBuilder kb = new StringBuilder();
            StringBuilder vb = new StringBuilder();
            enc(kb, kg.getElementOrNull(ks, i), kt);
            enc(vb, vg.getElementOrNull(vs, i), vt);
            sorted.put(kb.toString(), vb.toString());
        }
        b.append('[');
        boolean first = true;
        for (Map.Entry<String, String> e : sorted.entrySet()) {
            if (!first) {
                b.append(',');
            }
            first = false;
            b.append('[').append(e.getKey()).append(',').append(e.getValue()).append(']');
        }
        b.append(']');
    }

    static void encRow(StringBuilder b, InternalRow r, RowType t, boolean kind) {
        b.append('{');
        boolean first = true;
        if (kind) {
            b.append("\"_kind\":\"").append(r.getRowKind().shortString()).append('"');
            first = false;
        }
        List<DataField> fs = t.getFields();
        for (int i = 0; i < fs.size(); i++) {
            if (!first) {
                b.append(',');
            }
            first = false;
            quote(b, fs.get(i).name());
            b.append(':');
            enc(b, InternalRow.createFieldGetter(fs.get(i).type(), i).getFieldOrNull(r), fs.get(i).type());
        }
        b.append('}');
    }

    static String encRow(InternalRow r, RowType t, boolean kind) {
        StringBuilder b = new StringBuilder();
        encRow(b, r, t, kind);
        return b.toString();
    }

    @SuppressWarnings("unchecked")
    static Object conv(Object v, DataType t) {
        if (v == null) {
            return null;
        }
        switch (t.getTypeRoot()) {
            case CHAR:
            case VARCHAR:
                return BinaryString.fromString(v.toString());
            case BOOLEAN:
                return v instanceof Boolean ? v : Boolean.parseBoolean(v.toString());
            case BINARY:
            case VARBINARY:
                return v instanceof byte[] ? v : HexFormat.of().parseHex(v.toString());
            case DECIMAL: {
                DecimalType d = (DecimalType) t;
                return Decimal.fromBigDecimal(new BigDecimal(v.toString()), d.getPrecision(), d.getScale());
            }
            case TINYINT:
                return Byte.parseByte(v.toString());
            case SMALLINT:
                return Short.parseShort(v.toString());
            case INTEGER:
                return Integer.parseInt(v.toString());
            case BIGINT:
                return Long.parseLong(v.toString());
            case FLOAT:
                return v instanceof Number ? ((Number) v).floatValue() : Float.parseFloat(v.toString());
            case DOUBLE:
                return v instanceof Number ? ((Number) v).doubleValue() : Double.parseDouble(v.toString());
            case DATE:
                return v instanceof Integer ? v : (int) LocalDate.parse(v.toString()).toEpochDay();
            case TIME_WITHOUT_TIME_ZONE:
                return v instanceof Integer ? v : (int) (LocalTime.parse(v.toString()).toNanoOfDay() / 1_000_000L);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE: {
                String s = v.toString();
                return Timestamp.fromLocalDateTime(LocalDateTime.parse(s.endsWith("Z") ? s.substring(0, s.length() - 1) : s));
            }
            case ARRAY: {
                DataType et = ((ArrayType) t).getElementType();
                return new GenericArray(((List<Object>) v).stream().map(x -> conv(x, et)).toArray());
            }
            case MAP:
                return convMap(v, ((MapType) t).getKeyType(), ((MapType) t).getValueType());
            case MULTISET:
                return convMap(v, ((MultisetType) t).getElementType(), DataTypes.INT());
            case ROW: {
                RowType rt = (RowType) t;
                GenericRow r = new GenericRow(rt.getFieldCount());
                for (int i = 0; i < rt.getFieldCount(); i++) {
                    Object x = v instanceof Map ? ((Map<String, Object>) v).get(rt.getFields().get(i).name()) : ((List<Object>) v).get(i);
                    r.setField(i, conv(x, rt.getTypeAt(i)));
                }
                return r;
            }
            default:
                throw new UnsupportedOperationException(t.toString());
        }
    }

    @SuppressWarnings("unchecked")
    private static Object convMap(Object v, DataType kt, DataType vt) {
        Map<Object, Object> m = new LinkedHashMap<>();
        if (v instanceof Map) {
            ((Map<Object, Object>) v).forEach((k, x) -> m.put(conv(k, kt), conv(x, vt)));
        } else {
            for (Object e : (List<Object>) v) {
                m.put(conv(((List<Object>) e).get(0), kt), conv(((List<Object>) e).get(1), vt));
            }
        }
        return new GenericMap(m);
    }

    static RowKind kind(String s) {
        return RowKind.fromShortString(s);
    }

    @SuppressWarnings("unchecked")
    static GenericRow fromJson(RowType t, String line) throws IOException {
        Map<String, Object> m = JSON.readValue(line, Map.class);
        Object k = m.get("_kind");
        GenericRow r = new GenericRow(k == null ? RowKind.INSERT : RowKind.fromShortString(k.toString()), t.getFieldCount());
        for (String name : m.keySet()) {
            if (!name.equals("_kind") && t.getFieldIndex(name) < 0) {
                throw new IllegalArgumentException("no column " + name);
            }
        }
        for (int i = 0; i < t.getFieldCount(); i++) {
            r.setField(i, conv(m.get(t.getFields().get(i).name()), t.getTypeAt(i)));
        }
        return r;
    }
}
