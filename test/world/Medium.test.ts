/**
 * Damage of the medium (F15 to F21 of the scoreboard), one sentence a test.
 *
 * Expected effects are written from the studies: Ganesan et al., FAST'17 (corruption of one block), TigerBeetle's
 * simulated storage (misdirected writes), Jepsen's nemesis/file.clj (restored and truncated chunks).
 */
import { describe, expect, it } from "vitest"
import { bytes, shown, textOf } from "./DiskText.ts"
import { commit, dropAll, read, withFiles } from "./FaultyDisk.ts"

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
    for (const versions of [0, 4]) {
      expect(disk.inject({ _tag: "RolledBack", path: "/a", versions }).refused).toBeDefined()
    }
    expect(read(disk, "/a")).toBe("3")
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
