/**
 * One value in weir's internal form: what keys, partitions, statistics and predicates are made of.
 *
 *   BOOLEAN boolean · TINYINT SMALLINT INT FLOAT DOUBLE number · DATE days · TIME ms of day (number)
 *   BIGINT bigint · DECIMAL unscaled bigint · TIMESTAMP(_LTZ) bigint in ms (p<=3), µs (p<=6) or ns (p 7..9)
 *   CHAR VARCHAR UTF-8 bytes · BINARY VARBINARY bytes (Uint8Array) · missing null
 *
 * Nested types have no Datum.
 */
export type Datum = boolean | number | bigint | Uint8Array | null;
