/** How faults of the disk meet operations: once, often, held, observed, as a crash; one sentence a test. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { matches } from "../../src/world/simulated/DiskFaults.ts"
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
