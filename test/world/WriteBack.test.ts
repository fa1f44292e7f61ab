/**
 * Commits that fail or lie and operations that fail (F10 to F14 of the scoreboard), one sentence a test.
 *
 * Expected effects are written from the studies: Rebello et al., ATC'20 (failed fsync), Ganesan et al., FAST'17 (errors
 * of one block, no space).
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { DiskFault } from "../../src/world/simulated/DiskFaults.ts"
import { bytes, shown, textOf } from "./DiskText.ts"
import { commit, dropAll, read, withFiles } from "./FaultyDisk.ts"

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
