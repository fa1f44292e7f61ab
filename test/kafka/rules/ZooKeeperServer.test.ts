/**
 * What a ZooKeeper server answers and whom it tells, sentence by sentence: ZooKeeper Programmer's Guide (watches,
 * sessions), DataTree.setWatches, PrepRequestProcessor of ZooKeeper 3.8.
 */
import { describe, expect, it } from "vitest"
import {
  serve,
  type ServerState,
  type ServerTurn,
  type ToClient,
  type ToServer
} from "../../../src/kafka/rules/ZooKeeperServer.ts"
import * as Server from "../../../src/kafka/rules/ZooKeeperServer.ts"
import { anyVersion, type Operation } from "../../../src/kafka/rules/ZooKeeperTree.ts"

const guards = {
  EphemeralsGoAtOnce: true,
  RefusesEndedSessions: true,
  WatchFiresOnce: true,
  EventsGoFirst: true,
  ChecksVersion: true,
  AtomicMulti: true
}

const create = (path: string, ephemeral = false): Operation<string> => ({ _tag: "Create", path, data: "", ephemeral })
const remove = (path: string): Operation<string> => ({ _tag: "Delete", path, version: anyVersion })
const set = (path: string, version = anyVersion): Operation<string> => ({ _tag: "SetData", path, data: "x", version })
const multi = (...ops: ReadonlyArray<Operation<string>>): ToServer<string> => ({ _tag: "Multi", ops })
const read = (watch: Extract<ToServer<string>, { readonly _tag: "Read" }>["watch"]): ToServer<string> => ({
  _tag: "Read",
  watch
})

type Sent = ReadonlyArray<readonly [to: number, message: ToClient<string>]>

/** Two clients in a session each, and a tree with `/a`; requests in turn, and what the last one sent. */
const after = (...requests: ReadonlyArray<readonly [client: number, request: ToServer<string>]>): Sent => {
  const start: ServerState<string> = Server.serverOf(new Map(), 2)
  const connected = [1, 2].map((client) => [client, { _tag: "Connect", session: [] }] as const)
  let turn: ServerTurn<string> = { server: start, sends: [], closes: [] }
  for (const [client, request] of [...connected, [1, multi(create("/a"))] as const, ...requests]) {
    turn = serve(guards, turn.server, client, request)
  }
  return turn.sends.map(({ message, to }) => [to, message] as const)
}

// Two sessions and the creation of /a are the transactions 1 to 3.
describe("a ZooKeeper server", () => {
  it("tells whoever watches before it answers who changed", () => {
    expect(after([1, read("data /a")], [2, read("data /a")], [1, multi(set("/a"))])).toEqual([
      [1, { _tag: "Event", watch: "data /a", type: "NodeDataChanged" }],
      [2, { _tag: "Event", watch: "data /a", type: "NodeDataChanged" }],
      [1, { _tag: "Done", zxid: 4 }]
    ])
  })

  it("tells of one change only, even where a multi makes two", () => {
    expect(after([2, read("data /b")], [1, multi(create("/b"), set("/b"), remove("/b"))])).toEqual([
      [2, { _tag: "Event", watch: "data /b", type: "NodeCreated" }],
      [1, { _tag: "Done", zxid: 4 }]
    ])
    expect(after([2, read("data /a")], [1, multi(set("/a"))], [1, multi(set("/a"))])).toEqual([
      [1, { _tag: "Done", zxid: 5 }]
    ])
  })

  it("tells of children who come and go, not of what they hold", () => {
    const watched = [2, read("children /a")] as const
    expect(after(watched, [1, multi(create("/a/b"))])[0]).toEqual(
      [2, { _tag: "Event", watch: "children /a", type: "NodeChildrenChanged" }]
    )
    expect(after([1, multi(create("/a/b"))], watched, [1, multi(set("/a/b"))])).toEqual([[1, {
      _tag: "Done",
      zxid: 5
    }]])
  })

  it("watches for a znode that is not there, but not for the children of one", () => {
    expect(after([2, read("children /b")], [1, multi(create("/b"), create("/b/c"))])).toEqual([
      [1, { _tag: "Done", zxid: 4 }]
    ])
  })

  it.each<readonly [string, ReadonlyArray<Operation<string>>, string, number]>([
    ["NodeExists", [create("/a")], "NodeExists", 1],
    ["no parent", [create("/b/c")], "NoNode", 1],
    ["nothing to set", [create("/b"), set("/c")], "NoNode", 2],
    ["a version that does not fit", [set("/a", 0), set("/a", 0)], "BadVersion", 2],
    ["a child of an ephemeral", [create("/e", true), create("/e/f")], "NoChildrenForEphemerals", 2],
    ["a parent that goes before its child", [create("/a/b"), remove("/a")], "NotEmpty", 2]
  ])("does nothing of a multi of which one operation fails, and says which: %s", (_, ops, code, at) => {
    const watched = ["/a", "/b", "/e"].map((path) => [2, read(`data ${path}`)] as const)
    expect(after(...watched, [1, multi(...ops)])).toEqual([[1, { _tag: "Failed", zxid: 4, code, at }]])
  })

  it("ends a session with its ephemerals in one transaction, and closes its connection after the answer", () => {
    expect(after([1, multi(create("/e", true))], [2, read("data /e")], [1, { _tag: "Close" }])).toEqual([
      [2, { _tag: "Event", watch: "data /e", type: "NodeDeleted" }],
      [1, { _tag: "Closed", zxid: 5 }]
    ])
    expect(after([1, { _tag: "Close" }], [1, multi(create("/b"))])).toEqual([])
    expect(after([1, { _tag: "Close" }], [1, { _tag: "Connect", session: [1] }])).toEqual([[1, { _tag: "Expired" }]])
  })

  it("tells a client that comes back what it missed since the zxid that it saw, and watches the rest again", () => {
    const back = (zxid: number, ...changes: ReadonlyArray<Operation<string>>) =>
      after(
        ...changes.map((change) => [2, multi(change)] as const),
        [1, { _tag: "Connect", session: [1] }],
        [1, { _tag: "SetWatches", zxid, data: ["data /a"], exist: ["data /b"], child: ["children /a"] }]
      ).map(([, message]) => message._tag === "Event" ? `${message.watch}: ${message.type}` : message._tag)
    expect(back(3)).toEqual(["WatchesSet"])
    expect(back(3, set("/a"))).toEqual(["data /a: NodeDataChanged", "WatchesSet"])
    expect(back(3, create("/b"))).toEqual(["data /b: NodeCreated", "WatchesSet"])
    expect(back(3, create("/a/c"))).toEqual(["children /a: NodeChildrenChanged", "WatchesSet"])
    expect(back(3, remove("/a"))).toEqual(["data /a: NodeDeleted", "children /a: NodeDeleted", "WatchesSet"])
    // What was there before it last looked, and what came and went meanwhile, is nothing new.
    expect(back(4, set("/a"))).toEqual(["WatchesSet"])
    expect(back(3, create("/b"), remove("/b"))).toEqual(["WatchesSet"])
    expect(back(3, remove("/a"), create("/a"))).toEqual([
      "data /a: NodeDataChanged",
      "children /a: NodeChildrenChanged",
      "WatchesSet"
    ])
  })

  it("collects several znodes at once, or the children of one with a watch", () => {
    const made = [1, multi(create("/a/c"), create("/a/b"))] as const
    const collected = (of: Extract<ToServer<string>, { readonly _tag: "Collect" }>["of"]) => {
      const [[, message]] = after(made, [2, { _tag: "Collect", of }]) as [readonly [number, ToClient<string>]]
      return message._tag === "Collected" ? { of: message.of, paths: [...message.znodes.keys()] } : message
    }
    expect(collected(["/a/b", "/d"])).toEqual({ of: [], paths: ["/a/b"] })
    expect(collected("children /a")).toEqual({ of: [{ watch: "children /a", stamp: [4] }], paths: ["/a/b", "/a/c"] })
    expect(after(made, [2, { _tag: "Collect", of: "children /a" }], [1, multi(remove("/a/b"))])[0]).toEqual(
      [2, { _tag: "Event", watch: "children /a", type: "NodeChildrenChanged" }]
    )
  })
})
