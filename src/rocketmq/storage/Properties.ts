/**
 * The properties of a message: one string of names and values, and what the store itself reads out of it.
 *
 *     name 0x01 value 0x02 name 0x01 value ...      the last 0x02 is left out by writers, readers take either
 *
 * A pair with an empty name or an empty value is skipped, a name that occurs twice keeps the later value
 * (MessageDecoder.string2messageProperties). Hashes are those of java.lang.String, since they are stored.
 */

/** Names that the store reads or writes (MessageConst). */
export const Name = {
  keys: "KEYS",
  tags: "TAGS",
  uniqueKey: "UNIQ_KEY",
  waitStoreMsgOk: "WAIT",
  delayLevel: "DELAY",
  realTopic: "REAL_TOPIC",
  realQueueId: "REAL_QID"
} as const

const nameEnd = "\u0001"
const pairEnd = "\u0002"

/** Reads a properties string; never fails, since the real reader skips what it does not understand. */
export const parse = (text: string): ReadonlyMap<string, string> => {
  const properties = new Map<string, string>()
  for (let start = 0; start < text.length;) {
    const found = text.indexOf(pairEnd, start)
    const end = found < 0 ? text.length : found
    if (end - start >= 3) {
      const separator = text.indexOf(nameEnd, start)
      if (separator > start && separator < end - 1) {
        properties.set(text.slice(start, separator), text.slice(separator + 1, end))
      }
    }
    start = end + 1
  }
  return properties
}

/** Writes a properties string, in the order of the entries. */
export const format = (properties: Iterable<readonly [name: string, value: string]>): string =>
  Array.from(properties, ([name, value]) => `${name}${nameEnd}${value}`).join(pairEnd)

/** `java.lang.String.hashCode`: a 32-bit integer over UTF-16 code units. */
export const javaHash = (text: string): number => {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}

/** What a queue entry holds in place of the tags: their hash, 0 without tags. */
export const tagsCode = (tags: string | undefined): number => tags === undefined || tags === "" ? 0 : javaHash(tags)

/** `Integer.parseInt`, `undefined` where Java throws NumberFormatException. */
export const javaInt = (text: string): number | undefined => {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined
  const value = Number(text)
  return value === (value | 0) ? value | 0 : undefined
}
