/** The disk's contract on the simulated and on the live disk, and what only the live one can show. */
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as nodePath from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { Disk, DiskError } from "../../src/world/Disk.ts"
import { layer, makeLive } from "../../src/world/live/LiveDisk.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { diskContract } from "./DiskContract.ts"

const root = fs.mkdtempSync(nodePath.join(os.tmpdir(), "ackproof-disk-"))
const opened: Array<{ readonly closeAll: () => void }> = []
afterAll(() => {
  for (const live of opened) live.closeAll()
  fs.rmSync(root, { recursive: true })
})

diskContract("simulated", () => new SimulatedDisk().operations())
diskContract("live", () => {
  const live = makeLive(fs.mkdtempSync(nodePath.join(root, "disk-")))
  opened.push(live)
  return live.operations
})

describe("live only", () => {
  it("files lie below the root, where anybody can read them, and the layer closes what was left open", () => {
    const directory = fs.mkdtempSync(nodePath.join(root, "layer-"))
    const descriptors = (): number =>
      fs.readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory)
        } catch {
          return false
        }
      }).length
    const program = Effect.gen(function*() {
      const disk = yield* Disk
      disk.makeDirectory("/d")
      const file = disk.open("/d/a", "create")
      file.append(Uint8Array.of(1, 2, 3))
      yield* disk.commit([file, "/d", "/"])
      return descriptors()
    })
    return Effect.runPromise(Effect.scoped(Effect.provide(program, Layer.fresh(layer(directory))))).then((during) => {
      expect([...fs.readFileSync(nodePath.join(directory, "d/a"))]).toEqual([1, 2, 3])
      expect(during).toBe(1)
      expect(descriptors()).toBe(0)
    })
  })

  it("an error the contract has no name for is EIO and tells the name it has", () => {
    const disk = makeLive(fs.mkdtempSync(nodePath.join(root, "names-"))).operations
    const failure = ((): unknown => {
      try {
        return disk.open(`/${"x".repeat(300)}`, "create")
      } catch (error) {
        return error
      }
    })()
    expect(failure).toBeInstanceOf(DiskError)
    expect(failure).toMatchObject({ code: "EIO", operation: "open (ENAMETOOLONG)" })
  })
})
