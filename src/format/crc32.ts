/** CRC-32 (IEEE 802.3, as in gzip), which Parquet's page checksums and weir's metadata checksum are. Node has it since 20.15. */
export { crc32 } from 'node:zlib';
