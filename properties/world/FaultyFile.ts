/** A file to damage, and what the twins of the fault properties share. */
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { DiskError, type File, type Operations } from "../../src/world/Disk.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"

export const path = "/t/1.log"
export const contents = fc.uint8Array({ minLength: 1, maxLength: 60 })

export const holding = (bytes: Uint8Array, versions = 0): SimulatedDisk =>
  SimulatedDisk.fromImage(new Map([["/t/0.txt", bytes], [path, bytes], ["/t/2.index", bytes]]), { versions })

export const openOn = (disk: SimulatedDisk): { readonly operations: Operations; readonly file: File } => {
  const operations = disk.operations()
  return { operations, file: operations.open(path, "existing") }
}

export const read = (disk: SimulatedDisk, of = path): ReadonlyArray<number> => {
  const file = disk.operations().open(of, "existing")
  return [...file.read(0, file.size())]
}

export const commit = (operations: Operations, file: File): string => {
  const result = Effect.runSync(Effect.result(operations.commit([file])))
  return Result.isFailure(result) ? result.failure.code : "ok"
}

export const codeOf = (call: () => unknown): string => {
  try {
    call()
    return "ok"
  } catch (error) {
    if (error instanceof DiskError) return error.code
    throw error
  }
}

/** Writes bytes into an array as a file does: a gap is zeros. */
export const put = (array: Array<number>, position: number, bytes: ReadonlyArray<number>): void => {
  while (array.length < position) array.push(0)
  bytes.forEach((byte, at) => {
    array[position + at] = byte
  })
}

/** A place in a file of this size, from a number that shrinks to its start. */
export const scaled = (at: number, size: number): number => Math.min(size - 1, Math.floor(at * size / 1000))
export const place = fc.nat(999)

/** A write: bytes at a scaled place of what the file holds then, or at its end. */
export const write = fc.record({
  at: fc.option(place),
  bytes: fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 6 })
})

export const positionOf = (at: number | null, size: number): number =>
  at === null || size === 0 ? size : scaled(at, size)
