/**
 * What a power loss may leave after random commands: every state lies between what was durable and what was written, a
 * profile keeps its words, and legal sets are those that lose no need.
 *
 * Authority: Pillai et al., OSDI'14, section 3 (the abstract persistence model).
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { seeded } from "../../src/replay/Choose.ts"
import { closed, type CrashProfile } from "../../src/world/simulated/CrashStates.ts"
import type { Image } from "../../src/world/simulated/DiskImages.ts"
import type { Piece, Survival } from "../../src/world/simulated/Pieces.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { commands, profiles, run, seed } from "./DiskHistory.ts"

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

/** What the words of a profile promise about the state after it; `undefined` where it keeps the promise. */
const brokenPromise = (
  profile: CrashProfile,
  before: { readonly durable: Image; readonly cache: Image; readonly pieces: ReadonlyArray<Piece> },
  after: Image,
  survival: Survival
): string | undefined => {
  const { cache, durable, pieces } = before
  const same = (one: Image, other: Image): boolean => String([...one]) === String([...other])
  const renames = pieces.filter((piece) => piece._tag === "Entry" && piece.cause === "Rename")
  switch (profile._tag) {
    case "DropAll":
      return same(after, durable) ? undefined : "something unsynced survived"
    case "KeepAll":
      return same(after, cache) ? undefined : "something was lost"
    case "NamesLost":
      return String([...after.keys()]) === String([...durable.keys()]) ? undefined : "a name survived or was lost"
    case "RemovalsFirst": {
      const written = [...after].find(([path, bytes]) => !isPrefix(bytes, durable.get(path) ?? new Uint8Array(0)))
      return written === undefined ? undefined : `${written[0]} holds more than a prefix of what was durable`
    }
    case "TornAppend": {
      const { torn } = survival
      if (torn === undefined) return same(after, cache) ? undefined : "nothing was torn and something was lost"
      if (pieces.some((piece) => piece.operation < torn.operation && !survival.kept.includes(piece.id))) {
        return "something before the torn append was lost"
      }
      const later = pieces.some((piece) => piece.operation > torn.operation && survival.kept.includes(piece.id))
      return later ? "something after the torn append survived" : undefined
    }
    case "Renamed": {
      const kept = renames.filter((piece) => survival.kept.includes(piece.id))
      const set = kept.filter((piece) => piece._tag === "Entry" && piece.set).length
      const sets = renames.filter((piece) => piece._tag === "Entry" && piece.set).length
      const clears = renames.length - sets
      const wanted = {
        old: [0, 0],
        new: [sets, clears],
        newEmpty: [sets, clears],
        neither: [0, clears],
        both: [sets, 0]
      }
      return String([set, kept.length - set]) === String(wanted[profile.outcome]) ? undefined : `${set} of ${sets} set`
    }
    case "Exactly":
    case "Subset":
    case "TornGroup":
      return undefined
  }
}

/** A cut whose file lost its growth sets a size that shows zeros. */
const isPrefix = (bytes: Uint8Array, durable: Uint8Array): boolean =>
  bytes.every((byte, at) => byte === durable[at] || byte === 0)

it("a profile keeps and loses what its words say, whatever was done before", () => {
  const reached = new Map<string, number>()
  fc.assert(
    fc.property(commands, profiles, seed, (steps, profile, choices) => {
      const { disk } = run(steps)
      const pieces = disk.unsynced()
      const before = { durable: disk.image("durable"), cache: disk.image(), pieces }
      const survival = disk.powerLoss(seeded(choices), profile)
      expect(brokenPromise(profile, before, disk.image(), survival)).toBeUndefined()
      const renamed = pieces.some((piece) => piece._tag === "Entry" && piece.cause === "Rename")
      const name = profile._tag === "Renamed" ? `${profile.outcome} ${renamed ? "rename" : ""}` : profile._tag
      if (pieces.length > 0) reached.set(name, (reached.get(name) ?? 0) + 1)
      if (profile._tag === "TornAppend" && survival.torn !== undefined) reached.set("torn", 1)
    }),
    { numRuns: 1_500 }
  )
  const wanted = ["DropAll", "KeepAll", "NamesLost", "RemovalsFirst", "TornAppend", "torn", "TornGroup", "Subset"]
  const renames = ["old", "new", "neither", "both", "newEmpty"].map((outcome) => `${outcome} rename`)
  expect([...wanted, ...renames].filter((name) => !reached.has(name))).toEqual([])
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
