/** Words that both systems share: checksums, variable-length integers. */
export { crc32c } from "./Crc32c.ts"
export { Malformed } from "./Malformed.ts"
export * as Varint from "./Varint.ts"
