/** Lists of commands for a RocketMQ store, from fast-check: what a history may be, its crashes, and the faults of its disk. */
import * as fc from "fast-check"
import type { Command } from "../../../src/guarantee/RocketmqStorageCommand.ts"
import type { CrashProfile } from "../../../src/world/simulated/CrashStates.ts"
import type { DiskFault } from "../../../src/world/simulated/DiskFaults.ts"

/** Sizes of bodies: a few that come again and again, so that one message can take another's place to the byte. */
const size = fc.oneof(fc.constantFrom(20, 90), fc.nat(200))
const queue = fc.nat(2)

const put = fc.record({
  _tag: fc.constant("Put" as const),
  queue,
  size,
  kind: fc.oneof(
    { arbitrary: fc.constant("plain" as const), weight: 6 },
    {
      arbitrary: fc.constantFrom("delayed" as const, "half" as const, "commit" as const, "rollback" as const),
      weight: 2
    }
  )
})
const batch = fc.record({
  _tag: fc.constant("Batch" as const),
  queue,
  count: fc.integer({ min: 1, max: 3 }),
  size: fc.nat(60)
})
const gather = fc.record({ _tag: fc.constant("Gather" as const), count: fc.integer({ min: 1, max: 6 }), size })

type Simple =
  | "Flush"
  | "CommitPool"
  | "Dispatch"
  | "FlushQueues"
  | "FlushIndex"
  | "Expire"
  | "Restart"
  | "Kill"
  | "Heal"
const simple = (...tags: ReadonlyArray<Simple>): fc.Arbitrary<Command> =>
  fc.constantFrom(...tags).map((_tag): Command => ({ _tag }))

const log = "/store/commitlog/*"
const choices = fc.array(fc.nat(1), { minLength: 40, maxLength: 40 })
const junk = fc.record({ junk: fc.nat(999) })
const profile: fc.Arbitrary<CrashProfile> = fc.oneof(
  fc.constantFrom({ _tag: "DropAll" } as const, { _tag: "NamesLost" } as const, { _tag: "RemovalsFirst" } as const),
  fc.record({ _tag: fc.constant("Subset" as const), fill: fc.oneof(fc.constant("zeros" as const), junk) }),
  fc.record({
    _tag: fc.constant("TornAppend" as const),
    path: fc.constant(log),
    tail: fc.oneof(fc.constantFrom("prefix" as const, "zeros" as const), junk),
    bytes: fc.nat(300),
    overwrites: fc.constant(true)
  }),
  fc.record({
    _tag: fc.constant("TornGroup" as const),
    path: fc.constant(log),
    persist: fc.array(fc.nat(3), { minLength: 1, maxLength: 2 })
  }),
  fc.record({
    _tag: fc.constant("Renamed" as const),
    outcome: fc.constantFrom("old" as const, "new" as const, "newEmpty" as const)
  })
)
const effects = fc.integer({ min: 1, max: 12 })
const powerLoss: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ _tag: fc.constant("PowerLoss" as const), profile, choices }),
  fc.record({ _tag: fc.constant("PowerLossIn" as const), effects, profile, choices })
)
const killIn: fc.Arbitrary<Command> = fc.record({ _tag: fc.constant("KillIn" as const), effects })

const ordinary = [
  { arbitrary: put, weight: 9 },
  { arbitrary: batch, weight: 2 },
  { arbitrary: gather, weight: 2 },
  { arbitrary: simple("Flush", "Dispatch"), weight: 6 },
  { arbitrary: simple("FlushQueues", "FlushIndex", "CommitPool"), weight: 2 },
  { arbitrary: simple("Restart", "Kill"), weight: 1 },
  { arbitrary: simple("Expire"), weight: 1 }
]

/** Histories of up to 24 commands with these among them, about one in twelve. */
const listOf = (...more: ReadonlyArray<fc.Arbitrary<Command>>): fc.Arbitrary<ReadonlyArray<Command>> =>
  fc.array(fc.oneof(...ordinary, ...more.map((arbitrary) => ({ arbitrary, weight: 2 }))), {
    maxLength: 24,
    size: "+1"
  })

/** A store whose process dies between its steps. */
export const quiet = listOf()
/** Whose process dies anywhere. */
export const killed = listOf(killIn)
/** Which loses its power too, in every way that a disk knows (F2 to F9, F22). */
export const cut = listOf(killIn, powerLoss)

const faultCommand = (fault: fc.Arbitrary<DiskFault>): fc.Arbitrary<Command> =>
  fault.map((fault): Command => ({ _tag: "Fault", fault }))

/** F12, F13, F14: the disk says that it cannot. */
const refusals: fc.Arbitrary<DiskFault> = fc.oneof(
  fc.record({
    _tag: fc.constant("ReadFails" as const),
    path: fc.constant(log),
    block: fc.nat(7),
    size: fc.constant(64)
  }),
  fc.record({
    _tag: fc.constant("OperationFails" as const),
    path: fc.constantFrom(log, "/store/**"),
    operation: fc.constant("write" as const),
    code: fc.constant("EIO" as const),
    partial: fc.nat(60)
  }),
  fc.record({
    _tag: fc.constant("NoSpace" as const),
    path: fc.constantFrom("/store/**", log, "/store/consumequeue/**"),
    after: fc.nat(1)
  })
)
const bit = fc.nat(7)
const derivedFiles = ["/store/consumequeue/**", "/store/index/*", "/store/checkpoint"] as const
/** F16, F17, F20: what is derived from the log is damaged at rest. */
const derivedDamage: fc.Arbitrary<DiskFault> = fc.oneof(
  fc.record({
    _tag: fc.constant("BitRot" as const),
    path: fc.constantFrom(...derivedFiles),
    position: fc.nat(199),
    bit
  }),
  fc.record({
    _tag: fc.constant("BlockLost" as const),
    path: fc.constantFrom(...derivedFiles),
    position: fc.nat(199),
    size: fc.constant(64),
    content: fc.oneof(fc.constant("zeros" as const), junk)
  }),
  fc.record({
    _tag: fc.constant("RolledBack" as const),
    path: fc.constantFrom("/store/checkpoint"),
    versions: fc.integer({ min: 1, max: 2 })
  })
)
/** F10, F11, F15, F16, F18, F19, F21: what becomes durable, or was, is not what was written to the log. */
const logDamage: fc.Arbitrary<DiskFault> = fc.oneof(
  fc.record({
    _tag: fc.constant("CommitFails" as const),
    path: fc.constant("/store/**"),
    pages: fc.constantFrom("ext4-ordered" as const, "ext4-data" as const, "xfs" as const, "btrfs" as const),
    sequence: fc.constantFrom("x", "wx", "X")
  }),
  fc.record({
    _tag: fc.constant("CommitLies" as const),
    path: fc.constant("/store/**"),
    times: fc.integer({ min: 1, max: 3 })
  }),
  fc.record({ _tag: fc.constant("BitRot" as const), path: fc.constant(log), position: fc.nat(400), bit }),
  fc.record({
    _tag: fc.constant("BlockLost" as const),
    path: fc.constant(log),
    position: fc.nat(400),
    size: fc.constant(64),
    content: fc.oneof(fc.constant("zeros" as const), junk)
  }),
  fc.record({ _tag: fc.constant("MisdirectedWrite" as const), path: fc.constant(log), position: fc.nat(600) }),
  fc.record({ _tag: fc.constant("LostWrite" as const), path: fc.constant(log) }),
  fc.record({
    _tag: fc.constant("CutAtRest" as const),
    path: fc.constant(log),
    bytes: fc.integer({ min: 1, max: 1535 })
  })
)

/** Histories in which the disk refuses now and then. */
export const refusing = listOf(faultCommand(refusals), simple("Heal"))
/** Histories with damage to what is derived from the log. */
export const derivedDamaged = listOf(faultCommand(derivedDamage))
/** Histories with damage to the log itself, and power cuts that show it. */
export const logDamaged = listOf(faultCommand(logDamage), powerLoss)
