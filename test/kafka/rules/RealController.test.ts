/**
 * The rules of the controller and of ZooKeeper's tree decide what a real controller wrote (test/real, failover-traces),
 * and notice where a trace says something else.
 */
import { describe, expect, it } from "vitest"
import * as Zk from "../../../src/kafka/rules/ZooKeeperTree.ts"
import { type Line, partitionOf, playController, stateOf, trace } from "./RealController.ts"
import { replayTree } from "./RealTree.ts"

describe("the rules of the controller decide what a real one wrote", () => {
  const lines = trace("zookeeper-txns-A")

  it("every leader, in-sync set, leader epoch and controller epoch of every partition, in order", () => {
    const { kinds, left, surprises } = playController(lines)
    expect(surprises).toEqual([])
    expect(left).toEqual([])
    // The trace says less than it seems to unless each kind of write is in it.
    expect(kinds.get("controller")).toBe(4)
    expect(kinds.get("leader -1")).toBeGreaterThan(0)
    expect(kinds.get("decided")).toBeGreaterThan(20)
    expect(kinds.get("asked by the leader")).toBeGreaterThan(10)
  })

  it("and notices one write that is missing, one that is changed, and one broker that never left", () => {
    const states = lines.flatMap((line, at) => partitionOf(line.path) === undefined || line.event !== "set" ? [] : [at])
    const unforeseen = (changed: ReadonlyArray<Line>): boolean => {
      try {
        const { left, surprises } = playController(changed)
        return surprises.length + left.length > 0
      } catch {
        return true
      }
    }
    // Topic t2 is deleted later on: what is missing of it at its end is not looked at.
    const told = states.filter((at) => lines[at]!.path!.includes("/t1/"))
    for (const at of told) {
      const line = lines[at]!
      const data = { ...line.data as object, leader_epoch: stateOf(line.data).epoch + 1 }
      expect(unforeseen(lines.with(at, { ...line, data })), `line ${at + 1} changed`).toBe(true)
    }
    const missed = told.filter((at) => !unforeseen(lines.toSpliced(at, 1)))
    expect(missed).toEqual([])
    const close = lines.findIndex(({ deletesEphemerals }) => deletesEphemerals?.includes("/controller") === true)
    expect(unforeseen(lines.toSpliced(close, 1))).toBe(true)
  })
})

describe("a tree of znodes does what ZooKeeper's transaction log says", () => {
  it("every create, set, check and delete applies with the version that the log gives, and sessions take their ephemerals", () => {
    const { different, shapes } = replayTree(trace("zookeeper-txns-A"))
    expect(different).toEqual([])
    // The multis that design and specification rest on.
    expect(shapes.get("create /brokers/ids/*, set /brokers/ids/*")).toBe(6)
    expect(shapes.get("create /controller, set /controller_epoch")).toBe(4)
    expect(shapes.get("check /controller_epoch, set /brokers/topics/*/partitions/*/state")).toBeGreaterThan(30)
    expect(shapes.get("check /controller_epoch, create /brokers/topics/*/partitions/*/state")).toBe(7)
    expect(shapes.get("set /brokers/topics/*/partitions/*/state")).toBeUndefined()
  })

  it("a multi that fails leaves the tree and says which operation failed", () => {
    const tree: Zk.Tree<string> = new Map([["/a", { data: "x", version: 3, czxid: 1, mzxid: 1, pzxid: 1, owner: [] }]])
    const failing = (...operations: ReadonlyArray<Zk.Operation<string>>) => {
      const outcome = Zk.multi(tree, operations, [1, 1], 2)
      return outcome._tag === "Failed" ? { ...outcome, tree: outcome.tree === tree } : outcome
    }
    const make = { _tag: "Create", path: "/b", data: "y", ephemeral: true } as const
    expect(failing(make, { _tag: "Check", path: "/a", version: 2 })).toEqual({
      _tag: "Failed",
      code: "BadVersion",
      at: 1,
      tree: true
    })
    expect(failing(make, make)).toEqual({ _tag: "Failed", code: "NodeExists", at: 1, tree: true })
    expect(failing({ _tag: "Delete", path: "/c", version: 0 })).toEqual({
      _tag: "Failed",
      code: "NoNode",
      at: 0,
      tree: true
    })
    expect(failing(make, { _tag: "Create", path: "/b/c", data: "", ephemeral: false }))
      .toEqual({ _tag: "Failed", code: "NoChildrenForEphemerals", at: 1, tree: true })
    expect([...tree.keys()]).toEqual(["/a"])
  })
})
