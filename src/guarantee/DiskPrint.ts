/**
 * 64 bits over what a disk holds, so that states of a disk can be counted: two states with one print are taken for one.
 *
 * Two FNV-1a hashes over paths, sizes and contents, begun apart. Among a million states a collision has a chance of one
 * in thirty million.
 */
import type { Image } from "../world/simulated/DiskImages.ts"

/** The print of an image, and of whatever else tells two states apart. */
export const diskPrint = (image: Image, ...more: ReadonlyArray<string>): string => {
  let [one, other] = [0x811c9dc5, 0x9747b28c]
  const mix = (byte: number): void => {
    one = Math.imul(one ^ byte, 0x01000193)
    other = Math.imul(other ^ byte, 0x5bd1e995)
    other ^= other >>> 15
  }
  const mixText = (text: string): void => {
    for (let at = 0; at < text.length; at++) mix(text.charCodeAt(at))
    mix(0x1ff)
  }
  for (const [path, bytes] of image) {
    mixText(path)
    mixText(String(bytes.length))
    for (let at = 0; at < bytes.length; at++) mix(bytes[at]!)
  }
  for (const text of more) mixText(text)
  return `${(one >>> 0).toString(36)}.${(other >>> 0).toString(36)}`
}
