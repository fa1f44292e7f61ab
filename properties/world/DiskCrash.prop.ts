/**
 * What a power loss may leave after random commands: every state lies between what was durable and what was written,
 * and is exactly the state that a few lines over plain arrays compute from the same surviving pieces.
 *
 * Authority: Pillai et al., OSDI'14, section 3 (the abstract persistence model); fsync(2).
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { recorded, seeded } from "../../src/replay/Choose.ts"
import { DiskError, type File, type Operations } from "../../src/world/Disk.ts"
import { closed, type CrashProfile, crashStates } from "../../src/world/simulated/CrashStates.ts"
import type { DiskEffect } from "../../src/world/simulated/DiskEffect.ts"
import type { Image } from "../../src/world/simulated/DiskImages.ts"
import type { Piece } from "../../src/world/simulated/Pieces.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { type Command, command, commandUpTo, play, player, tidy } from "./DiskCommands.ts"

const commands = fc.array(command, { maxLength: 30, size: "max" })
const seed = fc.integer()

interface Run {
  readonly disk: SimulatedDisk
  /** The page cache after each command, the first from before them. */
  readonly images: ReadonlyArray<Image>
  /** What the open files hold after each command, with a name or without. */
  readonly opened: ReadonlyArray<Image>
}

/** Runs commands on a disk. */
const run = (steps: ReadonlyArray<Command>, disk = new SimulatedDisk()): Run => {
  const operations = disk.operations()
  const who = player(operations, tidy, (targets) => void Effect.runSync(Effect.result(operations.commit(targets))))
  const images = [disk.image()]
  const opened: Array<Image> = []
  for (const step of steps) {
    play(who, step)
    images.push(disk.image())
    opened.push(new Map(who.handles.map((file, handle) => [`handle ${handle}`, contentsOf(file)])))
  }
  return { disk, images, opened }
}

const contentsOf = (file: File): Uint8Array => {
  try {
    return file.read(0, file.size())
  } catch (error) {
    if (error instanceof DiskError && error.code === "EBADF") return new Uint8Array(0)
    throw error
  }
}

/** Commits every file and every directory there is. */
const commitAll = (disk: SimulatedDisk): void => {
  const operations = disk.operations()
  const directories = ["/"]
  for (const directory of directories) {
    for (const name of operations.list(directory)) {
      const path = directory === "/" ? `/${name}` : `${directory}/${name}`
      if (operations.stat(path)!.kind === "directory") directories.push(path)
      else commit(operations, path)
    }
  }
  Effect.runSync(operations.commit(directories))
}

const commit = (operations: Operations, path: string): void =>
  Effect.runSync(operations.commit([operations.open(path, "existing")]))

const profiles: fc.Arbitrary<CrashProfile> = fc.oneof(
  fc.constant<CrashProfile>({ _tag: "DropAll" }),
  fc.constant<CrashProfile>({ _tag: "KeepAll" }),
  fc.record({
    _tag: fc.constant("Subset" as const),
    fill: fc.oneof(fc.constant("zeros" as const), fc.record({ junk: fc.nat(9) }))
  }),
  fc.record({
    _tag: fc.constant("TornAppend" as const),
    tail: fc.oneof(fc.constantFrom("prefix" as const, "zeros" as const), fc.record({ junk: fc.nat(9) }))
  }),
  fc.record({
    _tag: fc.constant("TornGroup" as const),
    path: fc.constantFrom("/a", "**"),
    persist: fc.array(fc.nat(4), { maxLength: 4 })
  }),
  fc.constant<CrashProfile>({ _tag: "NamesLost" }),
  fc.record({
    _tag: fc.constant("Renamed" as const),
    outcome: fc.constantFrom("old" as const, "new" as const, "neither" as const, "both" as const, "newEmpty" as const)
  }),
  fc.constant<CrashProfile>({ _tag: "RemovalsFirst" })
)

it("what was committed, files and directories, survives every power loss unchanged", () => {
  fc.assert(
    fc.property(commands, profiles, seed, (steps, profile, choices) => {
      const { disk } = run(steps)
      commitAll(disk)
      const before = disk.image()
      disk.powerLoss(seeded(choices), profile)
      expect(disk.image()).toEqual(before)
    }),
    { numRuns: 1_000 }
  )
})

it("without a survivor the disk is as the last commit left it, and all survivors give the page cache", () => {
  fc.assert(
    fc.property(commands, commands, (before, after) => {
      const { disk } = run(before)
      commitAll(disk)
      const durable = disk.image()
      run(after.filter((step) => step._tag !== "Commit"), disk)
      const snapshot = disk.snapshot()
      expect(disk.image("durable")).toEqual(durable)
      const cache = disk.image()
      disk.powerLoss(seeded(1), { _tag: "DropAll" })
      expect(disk.image()).toEqual(durable)
      const other = SimulatedDisk.fromSnapshot(snapshot)
      other.powerLoss(seeded(1), { _tag: "KeepAll" })
      expect(other.image()).toEqual(cache)
    }),
    { numRuns: 1_000 }
  )
})

it("a process kill keeps the page cache to the last byte", () => {
  fc.assert(
    fc.property(commands, seed, (steps, choices) => {
      const { disk, images } = run(steps)
      const unsynced = disk.unsynced()
      disk.kill(seeded(choices))
      expect(disk.image()).toEqual(images.at(-1))
      expect(disk.unsynced()).toEqual(unsynced)
    }),
    { numRuns: 300 }
  )
})

/** Whether a state after a crash is made of names, sizes and bytes that were there at some time; says what is not. */
const foreign = (after: Image, images: ReadonlyArray<Image>): string | undefined => {
  const names = new Set(
    images.flatMap((image) => [...image.keys()].flatMap((path) => [path, `${path.split("/")[1]}/`]))
  )
  const largest = Math.max(0, ...images.flatMap((image) => [...image.values()].map((content) => content.length)))
  for (const [path, content] of after) {
    if (!names.has(path) && !(path.endsWith("/") && names.has(path.slice(1)))) return `the name ${path} never was`
    if (content.length > largest) return `${path} is larger than any file ever was`
    const wrong = content.findIndex((byte, at) => {
      return byte !== 0 && !images.some((image) => [...image.values()].some((other) => other[at] === byte))
    })
    if (wrong >= 0) return `byte ${wrong} of ${path} was never written there`
  }
  return undefined
}

it.each([512, 4096])(
  "every survivor set of pieces of %i bytes lies between what was durable and what was written",
  (pieceSize) => {
    const reached = new Map<string, number>()
    const tag = (name: string): void => void reached.set(name, (reached.get(name) ?? 0) + 1)
    fc.assert(
      fc.property(commands, profiles.filter((profile) => !JSON.stringify(profile).includes("junk")), seed, (
        steps,
        profile,
        choices
      ) => {
        const { disk, images, opened } = run(steps, new SimulatedDisk({ pieceSize }))
        const pieces = disk.unsynced()
        const survival = disk.powerLoss(seeded(choices), profile)
        expect(foreign(disk.image(), [...images, ...opened])).toBeUndefined()
        expect(disk.unsynced()).toEqual([])
        tag(profile._tag)
        for (const piece of pieces) tag(piece._tag === "Entry" ? piece.cause : piece._tag)
        if (survival.torn !== undefined) tag("torn")
        if (survival.kept.length > 0 && survival.kept.length < pieces.length) tag("some kept, some lost")
        if (pieces.some((piece) => piece._tag === "Content" && piece.length === pieceSize)) tag("a whole piece")
        if (pieces.some((piece) => piece._tag === "Size" && piece.to < piece.from)) tag("a cut")
      }),
      { numRuns: 1_000 }
    )
    const wanted = [
      ...["DropAll", "KeepAll", "Subset", "TornAppend", "TornGroup", "NamesLost", "Renamed", "RemovalsFirst"],
      ...["Content", "Size", "Create", "MakeDirectory", "Rename", "Remove"],
      ...["torn", "some kept, some lost", "a whole piece", "a cut"]
    ]
    expect(wanted.filter((name) => !reached.has(name))).toEqual([])
  }
)

/** The durable bytes of one file after a crash: blocks and size apart, each surviving piece in order. */
const twinOfFile = (
  durable: Uint8Array,
  effects: ReadonlyArray<DiskEffect>,
  pieces: ReadonlyArray<Piece>
): Array<number> => {
  const blocks = [...durable]
  let size = durable.length
  for (const piece of pieces) {
    if (piece._tag === "Entry") continue
    if (piece._tag === "Size") size = piece.to
    if (piece._tag === "Size" && piece.to < piece.from) blocks.length = Math.min(blocks.length, piece.to)
    const write = effects[piece.operation]
    if (piece._tag !== "Content" || write?._tag !== "Write") continue
    for (let at = 0; at < piece.length; at++) {
      blocks[piece.position + at] = write.bytes[piece.position + at - write.position]!
    }
  }
  return Array.from({ length: size }, (_, at) => blocks[at] ?? 0)
}

it.each([1, 512, 4096])("a file after a crash is what its surviving pieces of %i bytes make of it", (pieceSize) => {
  const sizes = new Set<number>()
  fc.assert(
    fc.property(
      fc.array(commandUpTo(pieceSize === 1 ? 20 : 9_000), { maxLength: 6, size: "max" }),
      fc.uint8Array({ maxLength: 20 }),
      seed,
      (
        steps,
        durable,
        choices
      ) => {
        // Operations are numbered from 1, so effect n of this disk is operation n.
        const effects: Array<DiskEffect> = [{ _tag: "Create", path: "/a" }]
        const disk = SimulatedDisk.fromImage(new Map([["/a", durable]]), {
          pieceSize,
          observe: (_, effect) => void effects.push(effect)
        })
        const operations = disk.operations()
        const who = player(operations, { files: ["/a"], directories: ["/"] }, () => {})
        who.handles.push(operations.open("/a", "existing"))
        for (const step of steps) {
          if (step._tag === "Append" || step._tag === "Write" || step._tag === "Truncate") play(who, step)
        }
        const pieces = disk.unsynced()
        const snapshot = disk.snapshot()
        sizes.add(Math.min(pieces.length, 11))
        for (const survival of crashStates(pieces, { choose: seeded(choices), exhaustiveUpTo: 5, samples: 24 })) {
          const crashed = SimulatedDisk.fromSnapshot(snapshot)
          crashed.survive(survival)
          const kept = pieces.filter((piece) => survival.kept.includes(piece.id))
          expect([...crashed.image("durable").get("/a")!]).toEqual(twinOfFile(durable, effects, kept))
        }
      }
    ),
    { numRuns: 200 }
  )
  expect([...sizes].filter((size) => size > 0).length).toBeGreaterThan(3)
})

it("names after a crash are what the surviving changes make of them, in order", () => {
  fc.assert(
    fc.property(commands, seed, (steps, choices) => {
      const flat = { files: ["/a", "/b", "/c"], directories: ["/"] }
      const disk = new SimulatedDisk()
      const operations = disk.operations()
      const who = player(operations, flat, (targets) => void Effect.runSync(operations.commit(targets.slice(1))))
      for (const step of steps) play(who, step)
      const names = new Set(disk.image("durable").keys())
      const pieces = disk.unsynced()
      const { kept } = disk.powerLoss(seeded(choices), { _tag: "Subset", fill: "zeros" })
      for (const id of kept) {
        const piece = pieces[id]!
        if (piece._tag !== "Entry") continue
        if (piece.set) names.add(piece.path)
        else names.delete(piece.path)
      }
      expect([...disk.image().keys()]).toEqual([...names].sort())
    }),
    { numRuns: 500 }
  )
})

it("a set of survivors is legal when no need of it is lost, and the largest legal set within any set is found", () => {
  const pieces = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { maxLength: 12 }).map((needs) =>
    needs.map((list, id): Piece => ({
      _tag: "Size",
      id,
      operation: id,
      path: "/a",
      from: 0,
      to: 1,
      needs: [...new Set(list.map((need) => Math.floor(need * needs.length / 31)))]
    }))
  )
  const legal = (list: ReadonlyArray<Piece>, ids: ReadonlyArray<number>): boolean =>
    ids.every((id) => list[id]!.needs.every((need) => ids.includes(need)))
  fc.assert(
    fc.property(pieces, fc.nat(4095), (list, bits) => {
      const ids = list.map((piece) => piece.id).filter((id) => (bits >> id) % 2 === 1)
      const found = closed(list, ids)
      const subsets = [...Array(2 ** ids.length).keys()].map((mask) => ids.filter((_, at) => (mask >> at) % 2 === 1))
      const largest = subsets.filter((subset) => legal(list, subset)).sort((a, b) => b.length - a.length)[0]!
      expect(found).toEqual(largest)
    }),
    { numRuns: 300 }
  )
})

it("the same seed is the same run, to the hash, and recorded choices repeat it", () => {
  fc.assert(
    fc.property(commands, profiles, seed, (steps, profile, choices) => {
      const once = (): SimulatedDisk => {
        const { disk } = run(steps)
        disk.powerLoss(seeded(choices), profile)
        run(steps, disk)
        disk.kill(recorded([1, 0, 1]))
        return disk
      }
      const [one, two] = [once(), once()]
      expect(two.hash).toBe(one.hash)
      expect(two.describe()).toEqual(one.describe())
    }),
    { numRuns: 300 }
  )
})

it("crash after crash, the disk can be used, and what is then committed is kept (F22)", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(commands, profiles, seed), { minLength: 2, maxLength: 4 }), (rounds) => {
      const disk = new SimulatedDisk()
      for (const [steps, profile, choices] of rounds) {
        run(steps, disk)
        disk.powerLoss(seeded(choices), profile)
        expect(disk.image()).toEqual(disk.image("durable"))
      }
      run(rounds[0]![0], disk)
      commitAll(disk)
      const before = disk.image()
      disk.powerLoss(seeded(0), { _tag: "DropAll" })
      expect(disk.image()).toEqual(before)
    }),
    { numRuns: 300 }
  )
})
