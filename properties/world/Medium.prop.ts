/**
 * Damage of the medium against a few lines over plain arrays that say what it does, on random contents and histories;
 * healed, the bytes are back.
 *
 * Authority: Ganesan et al., FAST'17, section 2 (faults of one block); TigerBeetle's simulated storage (misdirected
 * writes); Jepsen's nemesis/file.clj (restored and truncated chunks).
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { inOrder } from "../../src/replay/Choose.ts"
import type { DiskFault } from "../../src/world/simulated/DiskFaults.ts"
import {
  codeOf,
  commit,
  contents,
  holding,
  openOn,
  path,
  place,
  positionOf,
  put,
  read,
  scaled,
  write
} from "./FaultyFile.ts"

const atRest = fc.oneof(
  fc.record({ _tag: fc.constant("BitRot" as const), at: place, bit: fc.nat(7) }),
  fc.record({ _tag: fc.constant("IndexRot" as const), at: place, bit: fc.nat(7) }),
  fc.record({ _tag: fc.constant("BlockLost" as const), at: place, size: fc.integer({ min: 1, max: 16 }) }),
  fc.record({ _tag: fc.constant("Junk" as const), at: place, size: fc.integer({ min: 8, max: 16 }) }),
  fc.record({ _tag: fc.constant("ReadFails" as const), at: place, size: fc.integer({ min: 1, max: 16 }) }),
  fc.record({ _tag: fc.constant("CutAtRest" as const), at: place })
)

it("damage at rest is what it says and no more, lasts over crashes, and healed the bytes are back (F12, F15, F16, F17, F21)", () => {
  const reached = new Map<string, number>()
  fc.assert(
    fc.property(contents, atRest, (bytes, damage) => {
      const disk = holding(bytes)
      const position = scaled(damage.at, bytes.length)
      const [fault, expected] = expectation(bytes, damage, position)
      const injected = disk.inject(fault)
      const check = (): void => {
        const file = disk.operations().open(injected.fault.path, "existing")
        expect(file.size()).toBe(expected.length)
        expected.forEach((byte, at) => {
          if (byte === "EIO") expect(codeOf(() => file.read(at, 1))).toBe("EIO")
          else if (byte !== "any") expect(file.read(at, 1)[0]).toBe(byte)
        })
      }
      expect(injected.observed()).toBe(1)
      check()
      disk.kill()
      const shown = damage._tag === "ReadFails" ? [] : read(disk, injected.fault.path)
      disk.powerLoss(inOrder, { _tag: "DropAll" })
      check()
      if (damage._tag !== "ReadFails") expect(read(disk, injected.fault.path)).toEqual(shown)
      if (damage._tag === "Junk" && bytes.length > 8) {
        reached.set("junk differs", (reached.get("junk differs") ?? 0) + (String(shown) === String(bytes) ? 0 : 1))
      }
      injected.heal()
      for (const file of ["/t/0.txt", path, "/t/2.index"]) expect(read(disk, file)).toEqual([...bytes])
      reached.set(damage._tag, (reached.get(damage._tag) ?? 0) + 1)
    }),
    { numRuns: 600 }
  )
  const wanted = ["BitRot", "IndexRot", "BlockLost", "Junk", "ReadFails", "CutAtRest", "junk differs"]
  expect(wanted.filter((tag) => (reached.get(tag) ?? 0) === 0)).toEqual([])
})

type AtRest = typeof atRest extends fc.Arbitrary<infer A> ? A : never

const expectation = (
  bytes: Uint8Array,
  damage: AtRest,
  position: number
): readonly [DiskFault, ReadonlyArray<number | "EIO" | "any">] => {
  const inBlock = (at: number, size: number): boolean => Math.floor(at / size) === Math.floor(position / size)
  switch (damage._tag) {
    case "BitRot":
    case "IndexRot":
      return [
        { _tag: "BitRot", path: damage._tag === "BitRot" ? path : "/t/2.index", position, bit: damage.bit },
        [...bytes].map((byte, at) => at === position ? byte ^ (2 ** damage.bit) : byte)
      ]
    case "BlockLost":
      return [
        { _tag: "BlockLost", path, position, size: damage.size, content: "zeros" },
        [...bytes].map((byte, at) => inBlock(at, damage.size) ? 0 : byte)
      ]
    case "Junk":
      return [
        { _tag: "BlockLost", path, position, size: damage.size, content: { junk: damage.at } },
        [...bytes].map((byte, at) => inBlock(at, damage.size) ? "any" : byte)
      ]
    case "ReadFails":
      return [
        { _tag: "ReadFails", path, block: Math.floor(position / damage.size), size: damage.size },
        [...bytes].map((byte, at) => inBlock(at, damage.size) ? "EIO" : byte)
      ]
    case "CutAtRest":
      return [{ _tag: "CutAtRest", path, bytes: bytes.length - position }, [...bytes.slice(0, position)]]
  }
}

it("a write that goes astray keeps its place as it was and may land in another; healed, it is in place (F18, F19)", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(
      contents,
      fc.array(write, { minLength: 1, maxLength: 6 }),
      fc.nat(5),
      fc.option(fc.record({ other: fc.boolean(), at: place })),
      (bytes, writes, after, target) => {
        const disk = holding(bytes)
        const aim = target === null ? 0 : scaled(target.at, bytes.length)
        const fault = disk.inject(
          target === null
            ? { _tag: "LostWrite", path, after }
            : { _tag: "MisdirectedWrite", path, after, position: aim, ...target.other ? { to: "/t/0.txt" } : {} }
        )
        const { file, operations } = openOn(disk)
        const pristine = [...bytes]
        const shown = [...bytes]
        const other = [...bytes]
        writes.forEach(({ at, bytes: written }, index) => {
          const position = positionOf(at, pristine.length)
          file.write(position, Uint8Array.from(written))
          expect(commit(operations, file)).toBe("ok")
          put(pristine, position, written)
          put(shown, pristine.length, [])
          if (index !== after) put(shown, position, written)
          else if (target !== null) {
            const victim = target.other ? other : shown
            put(victim, aim, written.slice(0, victim.length - aim))
          }
        })
        disk.powerLoss(inOrder, { _tag: "DropAll" })
        expect(read(disk)).toEqual(shown)
        expect(read(disk, "/t/0.txt")).toEqual(other)
        expect(fault.observed()).toBe(after < writes.length ? 1 : 0)
        disk.heal()
        expect(read(disk)).toEqual(pristine)
        expect(read(disk, "/t/0.txt")).toEqual([...bytes])
        if (fault.observed() === 0 || String(shown) === String(pristine)) return
        reached.add(target === null ? "lost" : target.other ? "in another file" : "in its own file")
      }
    ),
    { numRuns: 500 }
  )
  expect([...reached].sort()).toEqual(["in another file", "in its own file", "lost"])
})

it("a file rolled back is what some commits ago was durable there (F20)", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(contents, fc.array(contents, { maxLength: 5 }), fc.integer({ min: 1, max: 6 }), fc.boolean(), (
      bytes,
      later,
      versions,
      replaces
    ) => {
      const disk = holding(bytes, 4)
      const operations = disk.operations()
      for (const content of later) {
        const file = operations.open(replaces ? "/t/tmp" : path, "either")
        file.truncate(0)
        file.append(content)
        expect(commit(operations, file)).toBe("ok")
        if (replaces) operations.rename("/t/tmp", path)
        Effect.runSync(operations.commit(["/t"]))
      }
      const history = [bytes, ...later].map((content) => [...content])
      const fault = disk.inject({ _tag: "RolledBack", path, versions })
      const there = versions <= Math.min(4, later.length)
      expect(fault.refused === undefined).toBe(there)
      expect(read(disk)).toEqual(there ? history.at(-1 - versions) : history.at(-1))
      disk.powerLoss(inOrder, { _tag: "DropAll" })
      expect(read(disk)).toEqual(there ? history.at(-1 - versions) : history.at(-1))
      fault.heal()
      expect(read(disk)).toEqual(history.at(-1))
      reached.add(`${there ? "back" : "refused"} ${replaces ? "by rename" : "in place"}`)
    }),
    { numRuns: 300 }
  )
  expect(reached.size).toBe(4)
})
