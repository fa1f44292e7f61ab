/**
 * Lines of ASCII out of chunks of bytes, each given by its place: nothing is copied but a line across two chunks.
 */

/** Cuts chunks into lines and hands each to `line` as a buffer with its first and last byte. */
export const makeLineCutter = (line: (bytes: Buffer, from: number, to: number) => void) => {
  let rest: Buffer | undefined
  return (chunk: Buffer): void => {
    let from = 0
    if (rest !== undefined) {
      const end = chunk.indexOf(10)
      if (end < 0) {
        rest = Buffer.concat([rest, chunk])
        return
      }
      const whole = Buffer.concat([rest, chunk.subarray(0, end)])
      rest = undefined
      line(whole, 0, whole.length)
      from = end + 1
    }
    for (let end = chunk.indexOf(10, from); end >= 0; end = chunk.indexOf(10, from)) {
      line(chunk, from, end)
      from = end + 1
    }
    if (from < chunk.length) rest = chunk.subarray(from)
  }
}
