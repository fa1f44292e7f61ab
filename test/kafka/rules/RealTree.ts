/**
 * A tree of znodes beside a real one: every create, set, check and delete of ZooKeeper's own log (3.8.4; test/real,
 * failover-traces), with the version that the log gives, and the ephemerals that go with a session.
 */
import { isDeepStrictEqual } from "node:util"
import * as Zk from "../../../src/kafka/rules/ZooKeeperTree.ts"
import { type Line, transactions } from "./RealController.ts"

/** Applies a log to an empty tree: what went another way than the log says, and how often each shape was there. */
export const replayTree = (log: ReadonlyArray<Line>) => {
  let tree: Zk.Tree<unknown> = new Map()
  const different: Array<string> = []
  const shapes = new Map<string, number>()
  for (const lines of transactions(log.filter(({ source }) => source === "zookeeper"))) {
    const { event, session, zxid } = lines[0]!
    if (event === "createSession" || lines.some((line) => line.event === "error")) continue
    if (event === "closeSession") {
      const ephemerals = Zk.ephemeralsOf(tree, [session!, 1])
      const deleted = lines[0]!.deletesEphemerals ?? []
      if (!isDeepStrictEqual(ephemerals, deleted)) different.push(`${zxid}: ${ephemerals.join()} for ${deleted.join()}`)
      tree = Zk.without(tree, ephemerals, Number(zxid)).tree
      continue
    }
    // The log keeps a set's resulting version, and a check's expected version plus one.
    const operations = lines.map((line): Zk.Operation<unknown> => {
      const path = line.path!
      switch (line.event) {
        case "create":
          return { _tag: "Create", path, data: line.data, ephemeral: line.ephemeral! }
        case "set":
          return { _tag: "SetData", path, data: line.data, version: line.version! - 1 }
        case "check":
          return { _tag: "Check", path, version: line.version! - 1 }
        default:
          return { _tag: "Delete", path, version: Zk.anyVersion }
      }
    })
    const outcome = Zk.multi(tree, operations, [session!, 1], Number(zxid))
    if (outcome._tag === "Committed") tree = outcome.tree
    else different.push(`${zxid}: ${outcome.code} at ${outcome.at}`)
    const shape = lines.map((line) => `${line.event} ${line.path!.replaceAll(/\/(t\d|\d+)(?=\/|$)/g, "/*")}`).join(", ")
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1)
  }
  return { different, shapes }
}
