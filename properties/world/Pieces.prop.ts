/**
 * A disk after a crash is exactly what a few lines over plain arrays and sets make of the same surviving pieces.
 *
 * Authority: Pillai et al., OSDI'14, section 3 (size and content apart, operations split in pieces).
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { seeded } from "../../src/replay/Choose.ts"
import { crashStates } from "../../src/world/simulated/CrashStates.ts"
import type { DiskEffect } from "../../src/world/simulated/DiskEffect.ts"
import type { Piece } from "../../src/world/simulated/Pieces.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { commandUpTo, play, player } from "./DiskCommands.ts"
import { commands, seed } from "./DiskHistory.ts"

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
