/**
 * The faults of a disk as data, named by the rows of the scoreboard (F10 to F21); F1 to F9 are what a kill or a power
 * loss keeps, see CrashStates.
 *
 * The one decision: a fault either meets operations (a commit, a write) or damages what is durable. The first kind
 * has a trigger: which paths, how many matching operations pass before it, how often it strikes. The second kind is
 * laid over the medium at once, at a place that follows from the data alone.
 */
import { Schema } from "effect"
import { Code } from "../Disk.ts"

/**
 * The trigger of a fault that meets operations.
 *
 * `path` is a pattern: `*` stands for any characters of one name, `**` for any characters. `after` matching operations
 * pass first (0 if absent); it strikes `times` (1 if absent), or until it is healed.
 */
const trigger = {
  path: Schema.String,
  after: Schema.optionalKey(Schema.Natural),
  times: Schema.optionalKey(Schema.Union([Schema.Natural, Schema.Literal("untilHealed")]))
}

/** Where in a file: a byte counted from the start, or from its end where negative, or a place by name. */
const Where = Schema.Union([Schema.Int, Schema.Literals(["head", "middle", "tail"])])
export type Where = typeof Where.Type

/** What the page cache is left in by a write-back that failed (Rebello et al., ATC'20, section 3). */
export const PageModel = Schema.Literals(["ext4-ordered", "ext4-data", "xfs", "btrfs"])
export type PageModel = typeof PageModel.Type

export const OperationName = Schema.Literals([
  "read",
  "create",
  "write",
  "truncate",
  "rename",
  "remove",
  "makeDirectory",
  "commit"
])
export type OperationName = typeof OperationName.Type

export const DiskFault = Schema.Union([
  /** F10. One letter a matching commit: `x` fails, `w` works, a last `X` fails for ever. */
  Schema.TaggedStruct("CommitFails", {
    path: Schema.String,
    pages: PageModel,
    sequence: Schema.String.check(Schema.isPattern(/^[xw]*X?$/))
  }),
  /** F11. The commit answers that all is durable, and nothing is. */
  Schema.TaggedStruct("CommitLies", trigger),
  /** Not a fault of the medium: the commit ends only when it is released. */
  Schema.TaggedStruct("CommitHeld", trigger),
  /** F12. Bytes `[block * size, (block + 1) * size)` of the first file that matches cannot be read. */
  Schema.TaggedStruct("ReadFails", { path: Schema.String, block: Schema.Natural, size: Schema.Natural }),
  /** F13 with `operation: "write"` and `code: "EIO"`. Of a write that fails, the first `partial` bytes were taken. */
  Schema.TaggedStruct("OperationFails", {
    ...trigger,
    operation: OperationName,
    code: Code,
    partial: Schema.optionalKey(Schema.Natural)
  }),
  /** F14. What needs space (growing a file, a new name) fails with ENOSPC until healed. */
  Schema.TaggedStruct("NoSpace", { path: Schema.String, after: Schema.optionalKey(Schema.Natural) }),
  /** F15, and F17 where the path is an index's or a checkpoint's. Bit 0 to 7 of one byte is flipped. */
  Schema.TaggedStruct("BitRot", {
    path: Schema.String,
    position: Where,
    bit: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))
  }),
  /** F16. One block, aligned to its size, shows zeros, or junk made from the seed. */
  Schema.TaggedStruct("BlockLost", {
    path: Schema.String,
    position: Where,
    size: Schema.Natural,
    content: Schema.Union([Schema.Literal("zeros"), Schema.Struct({ junk: Schema.Int })])
  }),
  /** F18. The write lands at `position` of `to` (its own file if absent), and its own place keeps what it held. */
  Schema.TaggedStruct("MisdirectedWrite", {
    ...trigger,
    to: Schema.optionalKey(Schema.String),
    position: Schema.Natural
  }),
  /** F19. The write is answered and committed, and its place keeps what it held. */
  Schema.TaggedStruct("LostWrite", trigger),
  /** F20. The whole file is what was durable at its path `versions` commits ago. */
  Schema.TaggedStruct("RolledBack", { path: Schema.String, versions: Schema.Natural }),
  /** F21. The last `bytes` bytes are gone. */
  Schema.TaggedStruct("CutAtRest", { path: Schema.String, bytes: Schema.Natural }),
  /** The process dies at a matching operation, before it or right after it took effect. */
  Schema.TaggedStruct("CrashAt", { ...trigger, operation: OperationName, moment: Schema.Literals(["before", "after"]) })
])
export type DiskFault = typeof DiskFault.Type

/** Whether a path fits a pattern. */
export const matches = (pattern: string, path: string): boolean => {
  let expression = compiled.get(pattern)
  if (expression === undefined) {
    const source = pattern.split(/(\*\*|\*)/).map((part) =>
      part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    ).join("")
    expression = new RegExp(`^${source}$`, "s")
    compiled.set(pattern, expression)
  }
  return expression.test(path)
}

const compiled = new Map<string, RegExp>()

/** The byte meant by a place, inside a file of `size` bytes; `undefined` where the file has no such byte. */
export const byteAt = (where: Where, size: number): number | undefined => {
  const at = where === "head" ? 0 : where === "middle" ? size >> 1 : where === "tail" ? size - 1 : where
  const position = at < 0 ? size + at : at
  return position >= 0 && position < size ? position : undefined
}
