/** How faults of the disk meet operations: once, often, held, observed, as a crash; one sentence a test. */
import { Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { CrashProfile } from "../../src/world/simulated/CrashStates.ts"
import { DiskFault, matches } from "../../src/world/simulated/DiskFaults.ts"
import { DiskCrashed } from "../../src/world/simulated/DiskState.ts"
import { bytes, shown } from "./DiskText.ts"
import { commit, dropAll, withFiles } from "./FaultyDisk.ts"

describe("a fault plan", () => {
  it("strikes once, the next n, or until it is healed, and is observed", () => {
    const strikes = (times: number | "untilHealed"): string => {
      const disk = withFiles({ "/a": "" })
      const fault = disk.inject({
        _tag: "OperationFails",
        path: "/a",
        operation: "write",
        code: "EIO",
        times,
        after: 1
      })
      const heard: Array<number> = []
      fault.onStrike(() => heard.push(fault.observed()))
      const file = disk.operations().open("/a", "existing")
      const attempt = (): string => {
        try {
          file.append(bytes("x"))
          return "w"
        } catch {
          return "x"
        }
      }
      const before = Array.from({ length: 5 }, attempt).join("")
      expect(heard).toEqual(Array.from(before.replaceAll("w", ""), (_, index) => index + 1))
      disk.heal()
      return before + attempt()
    }
    expect([strikes(1), strikes(2), strikes("untilHealed")]).toEqual(["wxwwww", "wxxwww", "wxxxxw"])
  })
  it("holds a commit until it is released: it is not durable before, and its Effect ends after", () => {
    const disk = withFiles({ "/a": "old" })
    const hold = disk.inject({ _tag: "CommitHeld", path: "/a" })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    let ended = false
    Effect.runFork(Effect.andThen(operations.commit([file]), Effect.sync(() => void (ended = true))))
    file.append(bytes("+2"))
    expect([hold.observed(), shown(disk.image("durable")), ended]).toEqual([1, "/a=old", false])
    hold.release()
    expect(shown(disk.image("durable"))).toBe("/a=old+1")
    expect(commit(operations, file)).toBe("ok")
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => expect(ended).toBe(true))
  })
  it("a commit held at a power loss never ends", () => {
    const disk = withFiles({ "/a": "old" })
    const hold = disk.inject({ _tag: "CommitHeld", path: "/a" })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    Effect.runFork(operations.commit([file]))
    dropAll(disk)
    hold.release()
    expect(shown(disk.image("durable"))).toBe("/a=old")
  })
  it("crashes the process before or after the nth operation of a kind on a path", () => {
    const crashed = (moment: "before" | "after", operation: "write" | "commit" | "rename"): string => {
      const disk = withFiles({ "/a": "old", "/b": "" })
      disk.inject({ _tag: "CrashAt", path: "/a", operation, moment, after: operation === "rename" ? 0 : 1 })
      const operations = disk.operations()
      const file = operations.open("/a", "existing")
      const other = operations.open("/b", "existing")
      expect(() => {
        other.append(bytes("x"))
        file.append(bytes("1"))
        Effect.runSync(operations.commit([file, other]))
        file.append(bytes("2"))
        Effect.runSync(operations.commit([file]))
        operations.rename("/a", "/c")
      }).toThrow(DiskCrashed)
      expect(() => file.size()).toThrow("EBADF")
      return `${shown(disk.image())}, durable ${shown(disk.image("durable"))}`
    }
    expect(crashed("before", "write")).toBe("/a=old1 /b=x, durable /a=old1 /b=x")
    expect(crashed("after", "write")).toBe("/a=old12 /b=x, durable /a=old1 /b=x")
    expect(crashed("before", "commit")).toBe("/a=old12 /b=x, durable /a=old1 /b=x")
    expect(crashed("after", "commit")).toBe("/a=old12 /b=x, durable /a=old12 /b=x")
    expect(crashed("before", "rename")).toBe("/a=old12 /b=x, durable /a=old12 /b=x")
    expect(crashed("after", "rename")).toBe("/b=x /c=old12, durable /a=old12 /b=x")
  })
  it("finds paths by pattern: a star within a name, two over all", () => {
    const fits = (pattern: string, ...paths: ReadonlyArray<string>): ReadonlyArray<boolean> =>
      paths.map((path) => matches(pattern, path))
    expect(fits("/t-*/*.log", "/t-0/1.log", "/t-0/x/1.log", "/t-0/1xlog", "/t/1.log")).toEqual([
      true,
      false,
      false,
      false
    ])
    expect(fits("**/*.index", "/t/1.index", "/a/b/c.index", "/1.index.bak")).toEqual([true, true, false])
    expect(fits("/a+(b)", "/a+(b)", "/aab")).toEqual([true, false])
  })
})

describe("faults and crashes as data", () => {
  const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  it("come back from JSON as they were", () => {
    const faults: ReadonlyArray<DiskFault> = [
      { _tag: "CommitFails", path: "/a", pages: "btrfs", sequence: "xxwX" },
      { _tag: "CommitLies", path: "/a", after: 1, times: "untilHealed" },
      { _tag: "CommitHeld", path: "/a", times: 2 },
      { _tag: "ReadFails", path: "/a", block: 1, size: 512 },
      { _tag: "OperationFails", path: "/a", operation: "write", code: "ENOSPC", partial: 3 },
      { _tag: "NoSpace", path: "**", after: 4 },
      { _tag: "BitRot", path: "/a", position: "middle", bit: 7 },
      { _tag: "BlockLost", path: "/a", position: -1, size: 4096, content: { junk: 5 } },
      { _tag: "MisdirectedWrite", path: "/a", to: "/b", position: 9 },
      { _tag: "LostWrite", path: "/a" },
      { _tag: "RolledBack", path: "/a", versions: 1 },
      { _tag: "CutAtRest", path: "/a", bytes: 1 },
      { _tag: "CrashAt", path: "/a", operation: "rename", moment: "after" }
    ]
    const decode = Schema.decodeUnknownSync(DiskFault)
    expect(faults.map((fault) => decode(throughJson(fault)))).toEqual(faults)
    const profiles: ReadonlyArray<CrashProfile> = [
      { _tag: "DropAll" },
      { _tag: "KeepAll" },
      { _tag: "Exactly", pieces: [0, 2], fill: "zeros" },
      { _tag: "Subset", oneIn: 3, fill: { junk: 1 } },
      { _tag: "TornAppend", tail: { junk: 2 }, bytes: 1, path: "/a" },
      { _tag: "TornGroup", path: "/a", persist: [1] },
      { _tag: "NamesLost" },
      { _tag: "Renamed", outcome: "newEmpty" },
      { _tag: "RemovalsFirst" }
    ]
    const decodeProfile = Schema.decodeUnknownSync(CrashProfile)
    expect(profiles.map((profile) => decodeProfile(throughJson(profile)))).toEqual(profiles)
  })
  it("are refused where they mean nothing", () => {
    const decode = Schema.decodeUnknownSync(DiskFault)
    const wrong: ReadonlyArray<unknown> = [
      { _tag: "BitRot", path: "/a", position: 0, bit: 8 },
      { _tag: "CommitFails", path: "/a", pages: "xfs", sequence: "xXw" },
      { _tag: "CommitFails", path: "/a", pages: "zfs", sequence: "x" },
      { _tag: "CutAtRest", path: "/a", bytes: -1 },
      { _tag: "Gremlin", path: "/a" }
    ]
    for (const fault of wrong) expect(() => decode(fault), JSON.stringify(fault)).toThrow()
  })
})
