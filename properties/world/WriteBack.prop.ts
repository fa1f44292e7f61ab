/**
 * Commits and writes that fail or lie, against a few lines over plain arrays that say what is then durable.
 *
 * Authority: Rebello et al., ATC'20, section 3 (failed fsync); Ganesan et al., FAST'17, section 2 (errors of writes).
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { inOrder } from "../../src/replay/Choose.ts"
import type { PageModel } from "../../src/world/simulated/DiskFaults.ts"
import { codeOf, commit, contents, holding, openOn, path, positionOf, put, read, write } from "./FaultyFile.ts"

/** The four page caches of ATC'20 over plain arrays. */
const pageTwin = (pages: PageModel, bytes: Uint8Array) => {
  let cache = [...bytes]
  const durable = [...bytes]
  let dirty: Array<readonly [number, ReadonlyArray<number>]> = []
  let grown = false
  let unheard = false
  const flush = (): void => {
    for (const [position, written] of dirty) put(durable, position, written)
    if (grown) put(durable, cache.length, [])
    dirty = []
    grown = false
  }
  return {
    cache: () => cache,
    durable,
    write: (position: number, written: ReadonlyArray<number>): void => {
      grown ||= position + written.length > cache.length
      put(cache, position, written)
      dirty.push([position, written])
    },
    commit: (works: boolean): string => {
      const heard = unheard
      unheard = false
      if (works) {
        flush()
        return heard ? "EIO" : "ok"
      }
      dirty = []
      switch (pages) {
        case "ext4-ordered":
          return "EIO"
        case "ext4-data":
          flush()
          unheard = true
          return heard ? "EIO" : "ok"
        case "xfs":
          grown = false
          return "EIO"
        case "btrfs":
          grown = false
          cache = [...durable]
          return "EIO"
      }
    }
  }
}

it.each(["ext4-ordered", "ext4-data", "xfs", "btrfs"] as const)(
  "a failed commit leaves the pages of %s (F10)",
  (pages) => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(
        contents,
        fc.array(fc.array(write, { maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        fc.stringMatching(/^[xw]{0,5}X?$/),
        (bytes, rounds, sequence) => {
          const disk = holding(bytes)
          disk.inject({ _tag: "CommitFails", path: "/t/*.log", pages, sequence })
          const { file, operations } = openOn(disk)
          const twin = pageTwin(pages, bytes)
          rounds.forEach((writes, round) => {
            for (const { at, bytes: written } of writes) {
              const position = positionOf(at, file.size())
              file.write(position, Uint8Array.from(written))
              twin.write(position, written)
            }
            const letter = sequence[round] ?? (sequence.endsWith("X") ? "X" : "w")
            const answer = commit(operations, file)
            expect(answer).toBe(twin.commit(letter === "w"))
            expect([...file.read(0, 1000)]).toEqual(twin.cache())
            reached.add(`${letter} ${answer}`)
          })
          disk.powerLoss(inOrder, { _tag: "DropAll" })
          expect(read(disk)).toEqual(twin.durable)
        }
      ),
      { numRuns: 300 }
    )
    const wanted = pages === "ext4-data" ? ["x ok", "x EIO", "X ok", "w EIO", "w ok"] : ["x EIO", "X EIO", "w ok"]
    expect(wanted.filter((tag) => !reached.has(tag))).toEqual([])
  }
)

it("a lying commit makes nothing durable, until an honest one or its healing does (F11)", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(contents, fc.array(write, { minLength: 1, maxLength: 6 }), fc.nat(6), fc.nat(6), fc.boolean(), (
      bytes,
      writes,
      after,
      times,
      heals
    ) => {
      const disk = holding(bytes)
      const lie = disk.inject({ _tag: "CommitLies", path, after, times })
      const { file, operations } = openOn(disk)
      const cache = [...bytes]
      let durable = [...bytes]
      writes.forEach(({ at, bytes: written }, round) => {
        const position = positionOf(at, cache.length)
        file.write(position, Uint8Array.from(written))
        put(cache, position, written)
        expect(commit(operations, file)).toBe("ok")
        if (round < after || round >= after + times) durable = [...cache]
      })
      if (heals) lie.heal()
      const lied = Math.max(0, Math.min(times, writes.length - after))
      expect(lie.observed()).toBe(lied)
      disk.powerLoss(inOrder, { _tag: "DropAll" })
      expect(read(disk)).toEqual(heals ? cache : durable)
      reached.add(lied === 0 ? "never" : heals ? "healed" : String(durable) === String(cache) ? "made good" : "lost")
    }),
    { numRuns: 400 }
  )
  expect([...reached].sort()).toEqual(["healed", "lost", "made good", "never"])
})

it("a failing write takes a prefix or nothing, and without space nothing grows (F13, F14)", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(
      contents,
      fc.array(write, { minLength: 1, maxLength: 6 }),
      fc.nat(4),
      fc.option(fc.nat(6)),
      fc.boolean(),
      (bytes, writes, after, partial, heals) => {
        const disk = holding(bytes)
        const fault = disk.inject(
          partial === null
            ? { _tag: "NoSpace", path, after }
            : { _tag: "OperationFails", path, operation: "write", code: "EIO", after, times: "untilHealed", partial }
        )
        const { file, operations } = openOn(disk)
        const cache = [...bytes]
        let met = 0
        for (const { at, bytes: written } of writes) {
          const position = positionOf(at, cache.length)
          const concerned = partial !== null || position + written.length > cache.length
          const strikes = concerned && met++ >= after
          const answer = codeOf(() => file.write(position, Uint8Array.from(written)))
          expect(answer).toBe(strikes ? partial === null ? "ENOSPC" : "EIO" : "ok")
          put(cache, position, strikes ? written.slice(0, partial ?? 0) : written)
          expect([...file.read(0, 1000)]).toEqual(cache)
          reached.add(answer === "ok" ? "ok" : `${answer} ${(partial ?? 0) > 0 ? "in part" : "whole"}`)
        }
        if (heals) {
          fault.heal()
          expect(file.append(Uint8Array.of(7))).toBe(cache.length)
          cache.push(7)
        }
        expect(commit(operations, file)).toBe("ok")
        disk.powerLoss(inOrder, { _tag: "DropAll" })
        expect(read(disk)).toEqual(cache)
      }
    ),
    { numRuns: 400 }
  )
  expect([...reached].sort()).toEqual(["EIO in part", "EIO whole", "ENOSPC whole", "ok"])
})
