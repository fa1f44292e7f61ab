/**
 * Paths of the disk's contract, read in one place so that the simulated and the live disk refuse the same ones.
 *
 * Absolute, `/`-separated, without empty parts, `.` and `..`; "/" is the root, which can be listed and committed but
 * neither replaced nor removed. Arguments of file operations are checked here too, for the same reason.
 */
import { type Code, DiskError } from "./Disk.ts"

/** Throws the error of one operation on one path. */
export const refuse = (operation: string, path: string, code: Code): never => {
  throw new DiskError({ operation, path, code })
}

/** The names on the way from the root, none for the root itself; throws EINVAL for what is no such path. */
export const segmentsOf = (operation: string, path: string): ReadonlyArray<string> => {
  if (path === "/") return []
  if (!path.startsWith("/")) refuse(operation, path, "EINVAL")
  const segments = path.slice(1).split("/")
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === ".." || segment.includes("\0")) {
      refuse(operation, path, "EINVAL")
    }
  }
  return segments
}

/** Throws EINVAL where a position, a length or a size is no natural number. */
export const natural = (operation: string, path: string, value: number): void => {
  if (!Number.isSafeInteger(value) || value < 0) refuse(operation, path, "EINVAL")
}

/** The front of `into` for a read of `length` bytes; throws EINVAL where it has no room for them. */
export const roomIn = (into: Uint8Array, length: number, path: string): Uint8Array =>
  into.length < length ? refuse("read", path, "EINVAL") : into.subarray(0, length)
