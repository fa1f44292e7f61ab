/**
 * What a power loss leaves on the simulated disk (F2 to F9, F22 of the scoreboard), one sentence a test.
 *
 * Expected states are written from the studies: Pillai et al., OSDI'14, sections 2 and 3 (what may be reordered, what
 * an append passes through), fsync(2) and LazyFS's torn-op and torn-seq.
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { inOrder, seeded } from "../../src/replay/Choose.ts"
import { crashStates } from "../../src/world/simulated/CrashStates.ts"
import { type Options, SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { outcomes, withOld } from "./CrashedDisk.ts"
import { bytes, shown } from "./DiskText.ts"

describe("power loss", () => {
  it("loses everything that is not durable when nothing else survives (F2)", () => {
    const disk = withOld()
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.truncate(1)
    file.append(bytes("new"))
    operations.open("/b", "create")
    operations.makeDirectory("/d")
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    expect(shown(disk.image())).toBe("/a=old")
  })

  it("may keep a later piece without an earlier one, so a hole of zeros is left (F3)", () => {
    const disk = withOld({ pieceSize: 1 })
    disk.operations().open("/a", "existing").append(bytes("XY"))
    expect(outcomes(disk)).toEqual(["/a=old", "/a=old00", "/a=old0Y", "/a=oldX0", "/a=oldXY"])
  })

  it.each([512, 4096])("cuts a write into pieces where the disk does, every %i bytes", (pieceSize) => {
    const disk = SimulatedDisk.fromImage(new Map([["/a", new Uint8Array(400)]]), { pieceSize })
    disk.operations().open("/a", "existing").append(new Uint8Array(2 * pieceSize).fill(1))
    expect(disk.unsynced()).toMatchObject([
      { _tag: "Size", from: 400, to: 400 + 2 * pieceSize },
      { _tag: "Content", position: 400, length: pieceSize - 400 },
      { _tag: "Content", position: pieceSize, length: pieceSize },
      { _tag: "Content", position: 2 * pieceSize, length: 400 }
    ])
  })

  it("throws away contents beyond the size that survived: growing the file again shows zeros", () => {
    const disk = withOld()
    disk.operations().open("/a", "existing").append(bytes("XY"))
    const content = disk.unsynced().filter((piece) => piece._tag === "Content").map((piece) => piece.id)
    disk.powerLoss(inOrder, { _tag: "Exactly", pieces: content, fill: "zeros" })
    expect(shown(disk.image())).toBe("/a=old")
    disk.operations().open("/a", "existing").truncate(5)
    expect(shown(disk.image())).toBe("/a=old00")
  })

  it("keeps writes of one sector in order where sectors are written back whole", () => {
    const two = (options?: Options): ReadonlyArray<string> => {
      const disk = withOld(options)
      const file = disk.operations().open("/a", "existing")
      file.write(0, bytes("O"))
      file.write(1, bytes("L"))
      return outcomes(disk)
    }
    expect(two()).toEqual(["/a=OLd", "/a=Old", "/a=oLd", "/a=old"])
    expect(two({ sectors: "whole" })).toEqual(["/a=OLd", "/a=Old", "/a=old"])
  })

  it("tears an append at each byte: a prefix, and the file ends (F4)", () => {
    const torn = [0, 1, 2, 3, 9].map((length) => {
      const disk = withOld()
      const file = disk.operations().open("/a", "existing")
      file.append(bytes("+1"))
      file.append(bytes("XYZ"))
      disk.powerLoss(inOrder, { _tag: "TornAppend", tail: "prefix", bytes: length })
      return shown(disk.image())
    })
    expect(torn).toEqual(["/a=old+1", "/a=old+1X", "/a=old+1XY", "/a=old+1XYZ", "/a=old+1XYZ"])
  })

  it("tears an append that spans many pieces where the tear says, and loses what came after", () => {
    const disk = withOld()
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.append(new Uint8Array(2000).fill(65))
    operations.open("/b", "create")
    disk.powerLoss(inOrder, { _tag: "TornAppend", tail: "prefix", bytes: 1500, path: "/a" })
    expect(shown(disk.image())).toBe(`/a=old${"A".repeat(1500)}`)
  })

  it("grows a file without its contents: zeros, or junk that is the same when it is read again (F5)", () => {
    const torn = (tail: "zeros" | { readonly junk: number }): string => {
      const disk = withOld()
      disk.operations().open("/a", "existing").append(bytes("XYZW"))
      disk.powerLoss(inOrder, { _tag: "TornAppend", tail, bytes: 1 })
      expect(shown(disk.image())).toBe(shown(disk.image()))
      return shown(disk.image())
    }
    expect(torn("zeros")).toBe("/a=oldX000")
    expect(torn({ junk: 1 })).toMatch(/^\/a=oldX.{3,}$/)
    expect(torn({ junk: 1 })).not.toBe("/a=oldXYZW")
    expect(torn({ junk: 1 })).toBe(torn({ junk: 1 }))
    expect(torn({ junk: 1 })).not.toBe(torn({ junk: 2 }))
  })

  it("keeps chosen writes of the group since the last commit (F6)", () => {
    const disk = withOld()
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.write(0, bytes("0"))
    Effect.runSync(operations.commit([file]))
    for (const [position, content] of [[0, "1"], [1, "2"], [2, "3"]] as const) file.write(position, bytes(content))
    disk.powerLoss(inOrder, { _tag: "TornGroup", path: "/a", persist: [0, 2] })
    expect(shown(disk.image())).toBe("/a=1l3")
  })

  it("loses names and keeps contents that were not asked for (F7)", () => {
    const disk = withOld()
    const operations = disk.operations()
    operations.open("/a", "existing").append(bytes("+new"))
    operations.open("/b", "create").append(bytes("new"))
    disk.powerLoss(inOrder, { _tag: "NamesLost" })
    expect(shown(disk.image())).toBe("/a=old+new")
  })

  it("leaves a replaced file old, fresh, gone, under both names, or empty (F8)", () => {
    const replaced = (): SimulatedDisk => {
      const disk = SimulatedDisk.fromImage(new Map([["/c", bytes("old")], ["/c.tmp", bytes("")]]))
      const operations = disk.operations()
      operations.open("/c.tmp", "existing").append(bytes("new"))
      operations.rename("/c.tmp", "/c")
      return disk
    }
    const after = (outcome: "old" | "new" | "neither" | "both" | "newEmpty"): string => {
      const disk = replaced()
      disk.powerLoss(inOrder, { _tag: "Renamed", outcome })
      return shown(disk.image())
    }
    expect(after("old")).toBe("/c=old /c.tmp=new")
    expect(after("new")).toBe("/c=new")
    expect(after("neither")).toBe("/c=old")
    expect(after("both")).toBe("/c=new /c.tmp=new")
    expect(after("newEmpty")).toBe("/c=")
    const all = outcomes(replaced())
    for (const each of ["/c=old /c.tmp=new", "/c=new", "/c=old", "/c=new /c.tmp=new", "/c="]) {
      expect(all).toContain(each)
    }
  })

  it("loses both names of a rename to a name that was free (F8)", () => {
    const disk = withOld()
    disk.operations().rename("/a", "/b")
    expect(outcomes(disk)).toEqual(["", "/a=old", "/a=old /b=old", "/b=old"])
    const atomic = withOld({ renames: "atomic" })
    atomic.operations().rename("/a", "/b")
    expect(outcomes(atomic)).toEqual(["/a=old", "/b=old"])
  })

  it("a directory moved twice has one of its three names, never two: its moves survive in order", () => {
    const disk = SimulatedDisk.fromImage(new Map([["/d/a", bytes("old")]]))
    const operations = disk.operations()
    operations.rename("/d", "/e")
    operations.rename("/e", "/f")
    expect(outcomes(disk)).toEqual(["/d/a=old", "/e/a=old", "/f/a=old"])
  })

  it("removes and cuts before the writes that came first are there (F9)", () => {
    const disk = SimulatedDisk.fromImage(new Map([["/1", bytes("one")], ["/2", bytes("two")]]))
    const operations = disk.operations()
    operations.open("/3", "create").append(bytes("one and two"))
    operations.remove("/1")
    operations.open("/2", "existing").truncate(1)
    disk.powerLoss(inOrder, { _tag: "RemovalsFirst" })
    expect(shown(disk.image())).toBe("/2=t")
  })

  it("keeps a write behind a cut that was lost, over the old contents (F9)", () => {
    const disk = withOld()
    const file = disk.operations().open("/a", "existing")
    file.truncate(0)
    file.append(bytes("N"))
    // Sizes 3 -> 0 and 0 -> 1, and one byte: without the cut the last size kept still ends the file.
    expect(outcomes(disk)).toEqual(["/a=", "/a=0", "/a=N", "/a=Nld", "/a=o", "/a=old"])
  })

  it("again during the recovery from the first leaves a disk that can be used (F22)", () => {
    const disk = withOld()
    disk.operations().open("/a", "existing").append(bytes("+new"))
    disk.powerLoss(inOrder, { _tag: "TornAppend", tail: "prefix", bytes: 2 })
    for (const round of [1, 2, 3]) {
      const recovery = disk.operations()
      const file = recovery.open("/a", "existing")
      expect(file.size(), `round ${round}`).toBe(5)
      file.truncate(3)
      disk.powerLoss(inOrder, { _tag: "DropAll" })
    }
    const operations = disk.operations()
    const file = operations.open("/a", "existing")
    file.truncate(3)
    Effect.runSync(operations.commit([file]))
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    expect(shown(disk.image())).toBe("/a=old")
  })

  it("refuses to keep pieces that cannot survive alone, or that do not exist", () => {
    const disk = withOld({ renames: "atomic" })
    disk.operations().rename("/a", "/b")
    expect(() => disk.survive({ kept: [0], fill: "zeros" })).toThrow("piece 0 cannot survive without piece 1")
    expect(() => disk.survive({ kept: [7], fill: "zeros" })).toThrow("no unsynced piece 7")
    expect(shown(disk.image("durable"))).toBe("/a=old")
  })
})

describe("crash states", () => {
  it("are all legal sets up to ten pieces, each once", () => {
    const disk = withOld({ pieceSize: 1 })
    disk.operations().open("/a", "existing").append(bytes("123456789"))
    expect(disk.unsynced().length).toBe(10)
    const all = [...crashStates(disk.unsynced(), { choose: inOrder })].map(({ kept }) => kept.join())
    expect(all.length).toBe(1024)
    expect(new Set(all).size).toBe(1024)
  })

  it("are distinct legal samples beyond, with none and all among them", () => {
    const disk = withOld({ pieceSize: 1, sectors: "whole" })
    const file = disk.operations().open("/a", "existing")
    file.append(bytes("123456789"))
    file.write(3, bytes("ABCDEFGHI"))
    const pieces = disk.unsynced()
    const all = [...crashStates(pieces, { choose: seeded(7), samples: 300 })]
    const kept = all.map((survival) => survival.kept)
    expect(kept).toContainEqual([])
    expect(kept).toContainEqual(pieces.map((piece) => piece.id))
    expect(new Set(kept.map(String)).size).toBe(kept.length)
    expect(kept.length).toBeGreaterThan(200)
    for (const set of kept) {
      for (const id of set) expect(pieces[id]!.needs.every((need) => set.includes(need))).toBe(true)
    }
  })
})
