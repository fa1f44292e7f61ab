/**
 * What each fault of the disk does (F10 to F21 of the scoreboard), one sentence a test.
 *
 * Expected effects are written from the studies: Rebello et al., ATC'20 (failed fsync), Ganesan et al., FAST'17 (errors
 * and corruption of one block), TigerBeetle's simulated storage (misdirected writes), Jepsen's nemesis/file.clj.
 */
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { inOrder } from "../../src/replay/Choose.ts"
import { type File, type Operations } from "../../src/world/Disk.ts"
import { type DiskFault, matches } from "../../src/world/simulated/DiskFaults.ts"
import { DiskCrashed } from "../../src/world/simulated/DiskState.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { bytes, shown, textOf } from "./DiskText.ts"

const withFiles = (files: Record<string, string>, versions = 0): SimulatedDisk =>
  SimulatedDisk.fromImage(new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)])), { versions })

const commit = (disk: Operations, ...targets: ReadonlyArray<File | string>): string => {
  const result = Effect.runSync(Effect.result(disk.commit(targets)))
  return Result.isFailure(result) ? result.failure.code : "ok"
}

/** What a process reads of a file, or the code of the error. */
const read = (disk: SimulatedDisk, path: string, position = 0, length = 100_000): string => {
  try {
    return textOf(disk.operations().open(path, "existing").read(position, length))
  } catch (error) {
    return String(error)
  }
}

const dropAll = (disk: SimulatedDisk): void => void disk.powerLoss(inOrder, { _tag: "DropAll" })

describe("a commit that fails (F10)", () => {
  const failing = (fault: Partial<Extract<DiskFault, { readonly _tag: "CommitFails" }>>) => {
    const disk = withFiles({ "/a": "old" })
    disk.inject({ _tag: "CommitFails", path: "/a", pages: "ext4-ordered", sequence: "x", ...fault })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.write(0, bytes("O"))
    file.append(bytes("+1"))
    return { disk, operations, file }
  }

  it.each(["ext4-ordered", "xfs"] as const)(
    "%s: keeps the page readable and clean, so a retry succeeds in vain",
    (pages) => {
      const { disk, file, operations } = failing({ pages })
      expect(commit(operations, file)).toBe("EIO")
      expect(textOf(file.read(0, 9))).toBe("Old+1")
      expect(commit(operations, file)).toBe("ok")
      disk.kill()
      expect(read(disk, "/a")).toBe("Old+1")
      dropAll(disk)
      expect(read(disk, "/a")).toBe(pages === "xfs" ? "old" : "old00")
    }
  )

  it("ext4-data: answers well, and the commit after it fails", () => {
    const { disk, file, operations } = failing({ pages: "ext4-data" })
    expect(commit(operations, file)).toBe("ok")
    expect(textOf(file.read(0, 9))).toBe("Old+1")
    file.append(bytes("+2"))
    expect(commit(operations, file)).toBe("EIO")
    expect(commit(operations, file)).toBe("ok")
    dropAll(disk)
    expect(read(disk, "/a")).toBe("old00+2")
  })

  it("btrfs: reverts the page, and what was appended meanwhile leaves a hole", () => {
    const disk = withFiles({ "/a": "old" })
    disk.inject({ _tag: "CommitFails", path: "/a", pages: "btrfs", sequence: "x" })
    const finishes: Array<() => void> = []
    const operations = disk.operations(() => true, (finish) => {
      finishes.push(finish)
      return Effect.void
    })
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    operations.commit([file])
    file.append(bytes("+2"))
    finishes[0]!()
    expect(textOf(file.read(0, 9))).toBe("old00+2")
    operations.commit([file])
    finishes[1]!()
    dropAll(disk)
    expect(read(disk, "/a")).toBe("old00+2")
  })

  it("follows its sequence: fail, fail, work, fail for ever", () => {
    const { file, operations } = failing({ sequence: "xxwX" })
    expect(Array.from({ length: 6 }, () => commit(operations, file))).toEqual(["EIO", "EIO", "ok", "EIO", "EIO", "EIO"])
  })

  it("works again when the sequence ends without X", () => {
    const { file, operations } = failing({ sequence: "wx" })
    expect(Array.from({ length: 4 }, () => commit(operations, file))).toEqual(["ok", "EIO", "ok", "ok"])
  })

  it("is told once to each handle that was open, and not to one opened later", () => {
    const { file, operations } = failing({})
    const other = operations.open("/a", "existing")
    expect(commit(operations, file)).toBe("EIO")
    const later = operations.open("/a", "existing")
    expect(commit(operations, later)).toBe("ok")
    expect([commit(operations, other), commit(operations, other), commit(operations, file)]).toEqual([
      "EIO",
      "ok",
      "ok"
    ])
  })

  it("of a directory leaves its names unsynced, and makes the files beside it durable", () => {
    const disk = withFiles({ "/d/a": "old" })
    disk.inject({ _tag: "CommitFails", path: "/d", pages: "ext4-ordered", sequence: "x" })
    const operations = disk.operations()
    const file = operations.open("/d/a", "existing")
    file.append(bytes("+1"))
    operations.open("/d/b", "create")
    expect(commit(operations, file, "/d")).toBe("EIO")
    dropAll(disk)
    expect(shown(disk.image())).toBe("/d/a=old+1")
  })
})

describe("a commit that lies (F11)", () => {
  const lying = (heal: boolean): string => {
    const disk = withFiles({ "/a": "old" })
    const fault = disk.inject({ _tag: "CommitLies", path: "**" })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    expect(commit(operations, file)).toBe("ok")
    expect(fault.observed()).toBe(1)
    if (heal) fault.heal()
    dropAll(disk)
    return read(disk, "/a")
  }
  it("answers well and makes nothing durable", () => {
    expect(lying(false)).toBe("old")
  })
  it("healed before the power goes, has told the truth", () => {
    expect(lying(true)).toBe("old+1")
  })
  it("is made good by the next honest commit", () => {
    const disk = withFiles({ "/a": "old" })
    disk.inject({ _tag: "CommitLies", path: "/a" })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    expect([commit(operations, file), commit(operations, file)]).toEqual(["ok", "ok"])
    dropAll(disk)
    expect(read(disk, "/a")).toBe("old+1")
  })
  it("lies about names too", () => {
    const disk = withFiles({})
    disk.inject({ _tag: "CommitLies", path: "/" })
    const operations = disk.operations()
    const file = operations.open("/b", "create")
    expect(commit(operations, file, "/")).toBe("ok")
    dropAll(disk)
    expect(shown(disk.image())).toBe("")
  })
})

describe("errors of operations", () => {
  it("a block that cannot be read answers EIO each time, the blocks beside it answer (F12)", () => {
    const disk = withFiles({ "/a": "aaaabbbbcccc" })
    const fault = disk.inject({ _tag: "ReadFails", path: "/a", block: 1, size: 4 })
    expect(read(disk, "/a", 0, 4)).toBe("aaaa")
    expect(read(disk, "/a", 8, 4)).toBe("cccc")
    for (let again = 0; again < 2; again++) expect(read(disk, "/a", 0, 5)).toContain("EIO")
    fault.heal()
    expect(read(disk, "/a")).toBe("aaaabbbbcccc")
  })
  it("a block that was written again and committed can be read (F12)", () => {
    const disk = withFiles({ "/a": "aaaabbbbcccc" })
    disk.inject({ _tag: "ReadFails", path: "/a", block: 1, size: 4 })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.write(4, bytes("BBBB"))
    expect(textOf(file.read(0, 12))).toBe("aaaaBBBBcccc")
    dropAll(disk)
    expect(read(disk, "/a", 4, 4)).toContain("EIO")
    const again = disk.operations()
    const rewriting = again.open("/a", "existing")
    rewriting.write(4, bytes("BBBB"))
    expect(commit(again, rewriting)).toBe("ok")
    dropAll(disk)
    expect(read(disk, "/a")).toBe("aaaaBBBBcccc")
  })
  it("a write that fails wrote nothing, or the part that was taken (F13)", () => {
    const disk = withFiles({ "/a": "old" })
    disk.inject({ _tag: "OperationFails", path: "/a", operation: "write", code: "EIO", times: 1 })
    disk.inject({ _tag: "OperationFails", path: "/a", operation: "write", code: "EIO", after: 1, partial: 2 })
    const file = disk.operations().open("/a", "existing")
    expect(() => file.append(bytes("+1"))).toThrow("EIO: append /a")
    expect(textOf(file.read(0, 9))).toBe("old")
    expect(() => file.append(bytes("+1!"))).toThrow("EIO: append /a")
    expect(textOf(file.read(0, 9))).toBe("old+1")
    expect(file.append(bytes("+2"))).toBe(5)
  })
  it("each operation can be made to fail, with any code", () => {
    const disk = withFiles({ "/a": "old" })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    const calls: ReadonlyArray<readonly [Extract<DiskFault, { _tag: "OperationFails" }>["operation"], () => unknown]> =
      [
        ["read", () => file.read(0, 1)],
        ["create", () => operations.open("/b", "create")],
        ["write", () => file.write(0, bytes("x"))],
        ["truncate", () => file.truncate(0)],
        ["rename", () => operations.rename("/a", "/b")],
        ["remove", () => operations.remove("/a")],
        ["makeDirectory", () => operations.makeDirectory("/d")],
        ["commit", () => Effect.runSync(operations.commit([file]))]
      ]
    for (const [operation, call] of calls) {
      const fault = disk.inject({ _tag: "OperationFails", path: "**", operation, code: "EIO" })
      expect(call, operation).toThrow("EIO")
      expect(fault.observed()).toBe(1)
    }
    expect(shown(disk.image())).toBe("/a=old")
  })
  it("from write n on there is no space to grow; what is there can be read, overwritten, cut and removed (F14)", () => {
    const disk = withFiles({ "/a": "old", "/b": "b" })
    const fault = disk.inject({ _tag: "NoSpace", path: "**", after: 1 })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    expect(() => file.append(bytes("+2"))).toThrow("ENOSPC: append /a")
    expect(() => file.truncate(50)).toThrow("ENOSPC")
    expect(() => operations.open("/c", "create")).toThrow("ENOSPC")
    expect(() => operations.makeDirectory("/d")).toThrow("ENOSPC")
    file.write(0, bytes("O"))
    operations.rename("/b", "/e")
    operations.remove("/e")
    file.truncate(4)
    expect(commit(operations, file, "/")).toBe("ok")
    expect(shown(disk.image("durable"))).toBe("/a=Old+")
    fault.heal()
    expect(file.append(bytes("!"))).toBe(4)
  })
})

describe("damage at rest", () => {
  it("bit rot flips one bit, the same at each reading, until it is healed (F15)", () => {
    const flipped = (position: number | "head" | "middle" | "tail"): string => {
      const disk = withFiles({ "/a": "aaaaa" })
      const fault = disk.inject({ _tag: "BitRot", path: "/a", position, bit: 1 })
      const damaged = read(disk, "/a")
      expect(read(disk, "/a")).toBe(damaged)
      expect([fault.observed(), fault.refused]).toEqual([1, undefined])
      expect(shown(disk.image())).toBe("/a=aaaaa")
      fault.heal()
      expect(read(disk, "/a")).toBe("aaaaa")
      return damaged
    }
    // The letter a is 0x61; with bit 1 flipped it is 0x63, the letter c.
    expect((["head", "middle", "tail", 1, -2] as const).map(flipped)).toEqual([
      "caaaa",
      "aacaa",
      "aaaac",
      "acaaa",
      "aaaca"
    ])
  })
  it("bit rot of an index or a checkpoint is found by its pattern, the first path in order (F17)", () => {
    const disk = withFiles({ "/t/1.log": "a", "/t/1.index": "a", "/t/0.index": "a" })
    disk.inject({ _tag: "BitRot", path: "/*/*.index", position: 0, bit: 1 })
    expect(["/t/0.index", "/t/1.index", "/t/1.log"].map((path) => read(disk, path))).toEqual(["c", "a", "a"])
  })
  it("rots what is durable only: bytes still unsynced are in memory", () => {
    const disk = withFiles({ "/a": "aaaa" })
    const operations = disk.operations()
    operations.open("/a", "existing").write(1, bytes("b"))
    disk.inject({ _tag: "BitRot", path: "/a", position: 1, bit: 1 })
    expect(read(disk, "/a")).toBe("abaa")
    dropAll(disk)
    expect(read(disk, "/a")).toBe("acaa")
  })
  it("survives a power loss, and two rots of one bit cancel out", () => {
    const disk = withFiles({ "/a": "aaaa" })
    const first = disk.inject({ _tag: "BitRot", path: "/a", position: 1, bit: 1 })
    dropAll(disk)
    expect(read(disk, "/a")).toBe("acaa")
    disk.inject({ _tag: "BitRot", path: "/a", position: 1, bit: 1 })
    expect(read(disk, "/a")).toBe("aaaa")
    first.heal()
    expect(read(disk, "/a")).toBe("acaa")
  })
  it("is refused where no file has the place, and then not carried", () => {
    const disk = withFiles({ "/a": "aaaa", "/empty": "" })
    expect(disk.inject({ _tag: "BitRot", path: "/a", position: 4, bit: 0 }).refused).toContain("no file matches /a")
    expect(disk.inject({ _tag: "BitRot", path: "/empty", position: "tail", bit: 0 }).refused).toBeDefined()
    expect(disk.inject({ _tag: "CutAtRest", path: "/a", bytes: 5 }).refused).toBeDefined()
    expect(disk.inject({ _tag: "RolledBack", path: "/a", versions: 1 }).refused).toBeDefined()
    expect(disk.describe().faults).toEqual([])
  })
  it("a lost block shows zeros or junk to its edges, and no further (F16)", () => {
    const disk = withFiles({ "/a": "aaaabbbbcc" })
    const zeros = disk.inject({ _tag: "BlockLost", path: "/a", position: 5, size: 4, content: "zeros" })
    expect(read(disk, "/a")).toBe("aaaa0000cc")
    zeros.heal()
    disk.inject({ _tag: "BlockLost", path: "/a", position: "tail", size: 4, content: { junk: 3 } })
    const junk = read(disk, "/a")
    expect(junk).toMatch(/^aaaabbbb/)
    expect([junk.length, junk === "aaaabbbbcc", read(disk, "/a") === junk]).toEqual([10, false, true])
  })
  it("a file cut at rest lost its last bytes, and healing brings them back (F21)", () => {
    const disk = withFiles({ "/a": "abcdef" })
    const fault = disk.inject({ _tag: "CutAtRest", path: "/a", bytes: 2 })
    expect(read(disk, "/a")).toBe("abcd")
    dropAll(disk)
    expect(read(disk, "/a")).toBe("abcd")
    fault.heal()
    expect(read(disk, "/a")).toBe("abcdef")
  })
  it("a cut that was written over is history: healing changes nothing (F21)", () => {
    const disk = withFiles({ "/a": "abcdef" })
    const fault = disk.inject({ _tag: "CutAtRest", path: "/a", bytes: 2 })
    disk.operations().open("/a", "existing").append(bytes("X"))
    fault.heal()
    expect(read(disk, "/a")).toBe("abcdX")
  })
  it("a file rolled back is as an earlier commit left it (F20)", () => {
    const disk = withFiles({ "/a": "0" }, 3)
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    for (const content of ["1", "22", "3"]) {
      file.truncate(0)
      file.append(bytes(content))
      expect(commit(operations, file)).toBe("ok")
    }
    const back = [1, 2, 3].map((versions) => {
      const fault = disk.inject({ _tag: "RolledBack", path: "/a", versions })
      const shownNow = read(disk, "/a")
      fault.heal()
      return shownNow
    })
    expect([...back, read(disk, "/a")]).toEqual(["22", "1", "0", "3"])
    expect(disk.inject({ _tag: "RolledBack", path: "/a", versions: 4 }).refused).toBeDefined()
  })
  it("a file replaced by renames is rolled back to what had its name before (F20)", () => {
    const disk = withFiles({ "/checkpoint": "0" }, 2)
    const operations = disk.operations()
    for (const content of ["1", "2"]) {
      const file = operations.open("/checkpoint.tmp", "create")
      file.append(bytes(content))
      expect(commit(operations, file)).toBe("ok")
      operations.rename("/checkpoint.tmp", "/checkpoint")
      expect(commit(operations, "/")).toBe("ok")
    }
    disk.inject({ _tag: "RolledBack", path: "/checkpoint", versions: 2 })
    dropAll(disk)
    expect(read(disk, "/checkpoint")).toBe("0")
  })
})

describe("writes that go astray", () => {
  it("a lost write keeps what was there, although it was committed (F19)", () => {
    const disk = withFiles({ "/a": "old" })
    const fault = disk.inject({ _tag: "LostWrite", path: "/a", after: 1 })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.write(0, bytes("O"))
    file.write(1, bytes("LD"))
    expect(textOf(file.read(0, 9))).toBe("OLD")
    expect(commit(operations, file)).toBe("ok")
    expect(textOf(file.read(0, 9))).toBe("Old")
    dropAll(disk)
    expect(read(disk, "/a")).toBe("Old")
    fault.heal()
    expect(read(disk, "/a")).toBe("OLD")
  })
  it("a lost append shows zeros in the size it made (F19)", () => {
    const disk = withFiles({ "/a": "old" })
    disk.inject({ _tag: "LostWrite", path: "/a" })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    expect(commit(operations, file)).toBe("ok")
    expect(read(disk, "/a")).toBe("old00")
  })
  it("a misdirected write damages two places of its file (F18)", () => {
    const disk = withFiles({ "/a": "aaaabbbb" })
    const fault = disk.inject({ _tag: "MisdirectedWrite", path: "/a", position: 4 })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.write(0, bytes("XY"))
    expect(commit(operations, file)).toBe("ok")
    dropAll(disk)
    expect(read(disk, "/a")).toBe("aaaaXYbb")
    fault.heal()
    expect(read(disk, "/a")).toBe("XYaabbbb")
  })
  it("a misdirected write lands in another file, and never beyond its end (F18)", () => {
    const disk = withFiles({ "/a": "aaaa", "/b": "bbbb" })
    disk.inject({ _tag: "MisdirectedWrite", path: "/a", to: "/b", position: 3 })
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(bytes("XY"))
    expect(commit(operations, file)).toBe("ok")
    expect([read(disk, "/a"), read(disk, "/b")]).toEqual(["aaaa00", "bbbX"])
  })
  it("is seen when it was committed; a crash before that shows nothing of it", () => {
    const disk = withFiles({ "/a": "aaaabbbb" })
    disk.inject({ _tag: "MisdirectedWrite", path: "/a", position: 4 })
    disk.operations().open("/a", "existing").write(0, bytes("XY"))
    dropAll(disk)
    expect(read(disk, "/a")).toBe("aaaabbbb")
  })
})

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
