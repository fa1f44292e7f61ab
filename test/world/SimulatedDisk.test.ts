/**
 * What only the simulated disk can show, one sentence a test: kills (F1), what a commit covers (F7), effects and
 * crashes behind them, images, snapshots, views. Authority: fsync(2); the contract in src/world/Disk.ts.
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { inOrder, recorded } from "../../src/replay/Choose.ts"
import { DiskError, type Operations } from "../../src/world/Disk.ts"
import { DiskCrashed } from "../../src/world/simulated/DiskState.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { outcomes, withOld } from "./CrashedDisk.ts"
import { bytes, shown } from "./DiskText.ts"

const commitLater = (disk: SimulatedDisk): { readonly operations: Operations; readonly finish: () => void } => {
  const pending: Array<() => void> = []
  return {
    operations: disk.operations(() => true, (finish) => {
      pending.push(finish)
      return Effect.void
    }),
    finish: () => {
      for (const finish of pending.splice(0)) finish()
    }
  }
}

describe("process kill (F1)", () => {
  it("keeps the page cache, and a power loss right after it loses what was not committed", () => {
    const disk = withOld()
    disk.operations().open("/a", "existing").append(bytes("+new"))
    disk.kill()
    expect(shown(disk.image())).toBe("/a=old+new")
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    expect(shown(disk.image())).toBe("/a=old")
  })

  it("makes every handle dead: each call throws EBADF and changes nothing", () => {
    const disk = withOld()
    let alive = true
    const operations = disk.operations(() => alive)
    const file = operations.open("/a", "existing")
    alive = false
    const calls: ReadonlyArray<() => unknown> = [
      () => file.append(bytes("x")),
      () => file.write(0, bytes("x")),
      () => file.truncate(0),
      () => file.read(0, 1),
      () => file.size(),
      () => operations.open("/b", "either"),
      () => operations.rename("/a", "/b"),
      () => operations.remove("/a"),
      () => operations.makeDirectory("/d"),
      () => operations.list("/"),
      () => operations.stat("/a"),
      () => Effect.runSync(operations.commit(["/"]))
    ]
    const hash = disk.hash
    for (const call of calls) expect(call).toThrow("EBADF")
    expect(shown(disk.image())).toBe("/a=old")
    expect([disk.unsynced(), disk.hash]).toEqual([[], hash])
  })

  it("leaves handles of before the crash dead although a later incarnation is alive", () => {
    const disk = withOld()
    const file = disk.operations().open("/a", "existing")
    disk.kill()
    disk.operations().open("/a", "existing").append(bytes("!"))
    expect(() => file.append(bytes("x"))).toThrow(DiskError)
    expect(shown(disk.image())).toBe("/a=old!")
  })

  it("lets a commit in flight end after all, or not, as is chosen", () => {
    const survives = (choice: number): string => {
      const disk = withOld()
      const { operations } = commitLater(disk)
      const file = operations.open("/a", "existing")
      file.append(bytes("+new"))
      operations.commit([file])
      disk.kill(recorded([choice]))
      disk.powerLoss(inOrder, { _tag: "DropAll" })
      return shown(disk.image())
    }
    expect([survives(0), survives(1)]).toEqual(["/a=old", "/a=old+new"])
  })
})

describe("commits", () => {
  it("cover what was written when they were called, and not what was written before they ended", () => {
    const disk = withOld()
    const { finish, operations } = commitLater(disk)
    const file = operations.open("/a", "existing")
    file.append(bytes("+1"))
    operations.commit([file])
    file.append(bytes("+2"))
    expect(shown(disk.image("durable"))).toBe("/a=old")
    finish()
    expect(shown(disk.image("durable"))).toBe("/a=old+1")
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    expect(shown(disk.image())).toBe("/a=old+1")
  })

  it("that end in another order than they began lose nothing", () => {
    const disk = withOld()
    const first = commitLater(disk)
    const second = commitLater(disk)
    const file = first.operations.open("/a", "existing")
    file.append(bytes("+1"))
    first.operations.commit([file])
    const same = second.operations.open("/a", "existing")
    same.append(bytes("+2"))
    second.operations.commit([same])
    second.finish()
    first.finish()
    expect(shown(disk.image("durable"))).toBe("/a=old+1+2")
  })

  it("in flight at a power loss keep any subset, and ending them later changes nothing", () => {
    const disk = withOld()
    const { finish, operations } = commitLater(disk)
    const file = operations.open("/a", "existing")
    file.write(0, bytes("O"))
    file.append(bytes("+"))
    operations.commit([file])
    expect(outcomes(disk)).toEqual(["/a=Old", "/a=Old+", "/a=Old0", "/a=old", "/a=old+", "/a=old0"].sort())
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    finish()
    expect(shown(disk.image("durable"))).toBe("/a=old")
  })

  it("of a file make its contents and size durable, not its name (F7)", () => {
    const disk = new SimulatedDisk()
    const operations = disk.operations()
    const file = operations.open("/b", "create")
    file.append(bytes("new"))
    Effect.runSync(operations.commit([file]))
    expect(outcomes(disk)).toEqual(["", "/b=new"])
    Effect.runSync(operations.commit(["/"]))
    expect(outcomes(disk)).toEqual(["/b=new"])
  })

  it("of a directory make its names durable, not the contents behind them", () => {
    const disk = new SimulatedDisk()
    const operations = disk.operations()
    operations.open("/b", "create").append(bytes("new"))
    Effect.runSync(operations.commit(["/"]))
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    expect(shown(disk.image())).toBe("/b=")
  })

  it("of a directory say nothing about the directories above it", () => {
    const disk = new SimulatedDisk()
    const operations = disk.operations()
    operations.makeDirectory("/d")
    const file = operations.open("/d/b", "create")
    file.append(bytes("new"))
    Effect.runSync(operations.commit([file, "/d"]))
    expect(outcomes(disk)).toEqual(["", "/d/b=new"])
  })

  it("of a directory that a directory was moved into never leave it without a name or with two", () => {
    const disk = SimulatedDisk.fromImage(new Map([["/x/d/a", bytes("old")], ["/y/", bytes("")]]))
    const operations = disk.operations()
    operations.rename("/x/d", "/y/d")
    expect(outcomes(disk)).toEqual(["/x/= /y/d/a=old", "/x/d/a=old /y/="])
    Effect.runSync(operations.commit(["/y"]))
    expect(outcomes(disk)).toEqual(["/x/= /y/d/a=old"])
  })
})

describe("effects", () => {
  it("are counted and told in order, and reading is none", () => {
    const told: Array<string> = []
    const disk = new SimulatedDisk({ observe: (_, effect) => void told.push(effect._tag) })
    const operations = disk.operations()
    operations.makeDirectory("/d")
    const file = operations.open("/d/a", "create")
    operations.open("/d/a", "either")
    file.append(bytes("abc"))
    file.read(0, 3)
    operations.list("/d")
    file.truncate(1)
    Effect.runSync(operations.commit([file, "/d"]))
    operations.rename("/d/a", "/d/b")
    operations.remove("/d/b")
    expect(told).toEqual(["MakeDirectory", "Create", "Write", "Truncate", "Commit", "Rename", "Remove"])
    expect(disk.effects).toBe(7)
  })

  it("can each be the last before a crash, which unwinds the process with dead handles", () => {
    const run = (crashAfter: number): string => {
      const disk = new SimulatedDisk()
      disk.crashAfter(crashAfter)
      const operations = disk.operations()
      const late: Array<string> = []
      try {
        const file = operations.open("/a", "create")
        try {
          file.append(bytes("1"))
          Effect.runSync(operations.commit([file, "/"]))
          file.append(bytes("2"))
        } finally {
          try {
            file.append(bytes("late"))
          } catch (error) {
            late.push(error instanceof DiskError ? error.code : "none")
          }
        }
      } catch (error) {
        if (!(error instanceof DiskCrashed)) throw error
      }
      disk.powerLoss(inOrder, { _tag: "DropAll" })
      return `${shown(disk.image())} ${late.join()}`
    }
    expect([1, 2, 3, 4].map(run)).toEqual([" ", " EBADF", "/a=1 EBADF", "/a=1 EBADF"])
  })

  it("give the same hash for the same run, and another for another byte, place, name or crash", () => {
    const run = (content: string, position: number, name: string, survivors: number): number => {
      const disk = withOld()
      const operations = disk.operations()
      operations.open("/a", "existing").write(position, bytes(content))
      operations.rename("/a", name)
      disk.powerLoss(recorded([survivors]))
      return disk.hash
    }
    const hashes = [
      run("x", 0, "/b", 0),
      run("y", 0, "/b", 0),
      run("x", 1, "/b", 0),
      run("x", 0, "/c", 0),
      run("x", 0, "/b", 1)
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
    expect(run("x", 0, "/b", 0)).toBe(hashes[0])
  })
})

describe("images and snapshots", () => {
  it("an image put in is durable and comes out again, empty directories too", () => {
    const image = new Map([["/a", bytes("1")], ["/d/e/b", bytes("22")], ["/f/", bytes("")]])
    const disk = SimulatedDisk.fromImage(image)
    disk.powerLoss(inOrder, { _tag: "DropAll" })
    expect(disk.image()).toEqual(image)
    expect(disk.operations().list("/")).toEqual(["a", "d", "f"])
  })

  it("an image that contradicts itself is refused", () => {
    expect(() => SimulatedDisk.fromImage(new Map([["a", bytes("")]]))).toThrow("no absolute path")
    const twice = new Map([["/a", bytes("")], ["/a/b", bytes("")]])
    expect(() => SimulatedDisk.fromImage(twice)).toThrow("goes through a file")
    expect(() => SimulatedDisk.fromImage(new Map([...twice].reverse()))).toThrow("a file and a directory")
  })

  it("a snapshot keeps what is not durable, and neither side sees the other's later writes", () => {
    const disk = withOld()
    const file = disk.operations().open("/a", "existing")
    file.append(bytes("+1"))
    const snapshot = disk.snapshot()
    file.append(bytes("+2"))
    const other = SimulatedDisk.fromSnapshot(snapshot)
    expect(shown(other.image())).toBe("/a=old+1")
    expect(other.unsynced()).toEqual(disk.unsynced().slice(0, 2))
    other.operations().open("/a", "existing").write(0, bytes("XXX"))
    expect(shown(disk.image())).toBe("/a=old+1+2")
    disk.restore(snapshot)
    expect(shown(disk.image())).toBe("/a=old+1")
    expect(() => file.size()).toThrow("EBADF")
  })

  it("a view shows contents, pieces, faults and commits in flight", () => {
    const disk = withOld()
    const { operations } = commitLater(disk)
    const file = operations.open("/a", "existing")
    file.append(bytes("+"))
    operations.commit([file])
    disk.inject({ _tag: "NoSpace", path: "/a" })
    const view = disk.describe()
    expect([shown(view.volatile), shown(view.durable)]).toEqual(["/a=old+", "/a=old"])
    expect(view.unsynced.map((piece) => piece._tag)).toEqual(["Size", "Content"])
    expect(view.faults).toEqual([{ id: 1, fault: { _tag: "NoSpace", path: "/a" }, struck: 0 }])
    expect(view.commitsInFlight).toEqual([["/a"]])
  })
})
