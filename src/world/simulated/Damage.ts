/**
 * Damage to files at rest, as data: the operations that real/'s images.jsonl derives a damaged store from a good one with.
 *
 *     truncate{file,size}   append{file,hex|zeros}   write{file,pos,hex|zeros}   flip{file,pos,bit}
 *     delete{file}          create{file,hex|zeros}   rename{file,to}             copy{file,to}
 *
 * The one decision: it changes a map of contents, no disk, so the same list damages an image for a simulated disk and the
 * picture of what a test expects. A directory whose last file goes stays as an empty one, as on a file system.
 */
import { Schema } from "effect"
import type { Image } from "./DiskImages.ts"

const file = Schema.String
const bytes = { hex: Schema.optionalKey(Schema.String), zeros: Schema.optionalKey(Schema.Int) }

/** One operation; `file` and `to` are paths in the image, `hex` its bytes or `zeros` so many zero bytes. */
export const Damage = Schema.Union([
  Schema.Struct({ op: Schema.Literal("truncate"), file, size: Schema.Int }),
  Schema.Struct({ op: Schema.Literal("append"), file, ...bytes }),
  Schema.Struct({ op: Schema.Literal("write"), file, pos: Schema.Int, ...bytes }),
  Schema.Struct({ op: Schema.Literal("flip"), file, pos: Schema.Int, bit: Schema.Int }),
  Schema.Struct({ op: Schema.Literal("delete"), file }),
  Schema.Struct({ op: Schema.Literal("create"), file, ...bytes }),
  Schema.Struct({ op: Schema.Literal("rename"), file, to: Schema.String }),
  Schema.Struct({ op: Schema.Literal("copy"), file, to: Schema.String })
])
export type Damage = typeof Damage.Type

/** The damage cannot be done: what it needs is not there. */
export class DamageMisses extends Schema.TaggedError<DamageMisses>()("DamageMisses", {
  op: Schema.String,
  file: Schema.String,
  expected: Schema.String
}) {
  override get message(): string {
    return `${this.op} ${this.file}: ${this.expected}`
  }
}

const most = 2 ** 30

const contentOf = (damage: { readonly hex?: string; readonly zeros?: number }, op: string, at: string): Uint8Array => {
  if (damage.hex !== undefined) {
    if (!/^([0-9a-fA-F]{2})*$/.test(damage.hex)) {
      throw new DamageMisses({ op, file: at, expected: "hex is pairs of hexadecimal digits" })
    }
    return new Uint8Array(Buffer.from(damage.hex, "hex"))
  }
  return new Uint8Array(sized(damage.zeros ?? 0, op, at))
}

const sized = (size: number, op: string, at: string): number => {
  if (size < 0 || size > most) throw new DamageMisses({ op, file: at, expected: `sizes are 0 to ${most}` })
  return size
}

/** A copy with another size, zeros at the end where it grows. */
const resized = (content: Uint8Array, size: number): Uint8Array => {
  const copy = new Uint8Array(size)
  copy.set(content.subarray(0, Math.min(size, content.length)))
  return copy
}

const overwritten = (content: Uint8Array, position: number, part: Uint8Array): Uint8Array => {
  const copy = resized(content, Math.max(content.length, position + part.length))
  copy.set(part, position)
  return copy
}

/** Applies operations in order, and answers the damaged image; the one given is not changed. Throws `DamageMisses`. */
export const applyDamage = (image: Image, damages: ReadonlyArray<Damage>): Image => {
  const files = new Map(image)
  for (const damage of damages) applyOne(files, damage)
  return files
}

const applyOne = (files: Map<string, Uint8Array>, damage: Damage): void => {
  const existing = (): Uint8Array =>
    files.get(damage.file) ?? misses(damage, "there is no such file; name one that the base has")
  switch (damage.op) {
    case "truncate":
      files.set(damage.file, resized(existing(), sized(damage.size, damage.op, damage.file)))
      return
    case "append": {
      const content = existing()
      files.set(damage.file, overwritten(content, content.length, contentOf(damage, damage.op, damage.file)))
      return
    }
    case "write":
      files.set(
        damage.file,
        overwritten(existing(), sized(damage.pos, damage.op, damage.file), contentOf(damage, damage.op, damage.file))
      )
      return
    case "flip": {
      const copy = existing().slice()
      if (damage.pos >= 0 && damage.pos < copy.length) copy[damage.pos]! ^= 1 << damage.bit
      files.set(damage.file, copy)
      return
    }
    case "delete": {
      const below = [...files.keys()].filter((path) => path === damage.file || path.startsWith(`${damage.file}/`))
      if (below.length === 0) misses(damage, "there is no such file or directory; name one that the base has")
      for (const path of below) files.delete(path)
      keepDirectory(files, damage.file)
      return
    }
    case "create":
      files.set(damage.file, contentOf(damage, damage.op, damage.file))
      return
    case "rename": {
      const below = [...files.keys()].filter((path) => path.startsWith(`${damage.file}/`))
      const paths = below.length > 0 ? below : [damage.file]
      if (below.length === 0) existing()
      for (const path of paths) {
        files.set(damage.to + path.slice(damage.file.length), files.get(path)!)
        files.delete(path)
      }
      keepDirectory(files, damage.file)
      return
    }
    case "copy":
      files.set(damage.to, existing())
      return
  }
}

const misses = (damage: Damage, expected: string): never => {
  throw new DamageMisses({ op: damage.op, file: damage.file, expected })
}

/** Notes the directory that a path was in, where nothing else is left in it. */
const keepDirectory = (files: Map<string, Uint8Array>, path: string): void => {
  const directory = path.slice(0, path.lastIndexOf("/") + 1)
  if (directory !== "" && ![...files.keys()].some((other) => other.startsWith(directory))) {
    files.set(directory, new Uint8Array(0))
  }
}
