/**
 * What a ZooKeeper server answers and whom it tells, sentence by sentence. Data, so that whoever breaks a rule on purpose can
 * ask whether it is noticed.
 *
 * Authority: ZooKeeper Programmer's Guide (watches, sessions); DataTree.setWatches, PrepRequestProcessor of ZooKeeper 3.8.
 */
import {
  release,
  serve,
  serverOf,
  type ServerState,
  type ServerTurn,
  type ToClient,
  type ToServer
} from "../../../src/kafka/rules/ZooKeeperServer.ts"
import {
  anyVersion,
  ephemeralsOf,
  type Operation,
  type WatchName,
  type Znode
} from "../../../src/kafka/rules/ZooKeeperTree.ts"

/** A sentence about a rule, what the rule says, and what it must say. */
export interface Example {
  readonly sentence: string
  readonly says: () => unknown
  readonly expected: unknown
}

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
const read = (watch: WatchName): ToServer<string> => ({ _tag: "Read", watch })

type Asked = readonly [client: number, request: ToServer<string>]

/** The last turn of a server with two clients in a session each and a tree with `/a`, after requests in turn. */
const turnAfter = (...requests: ReadonlyArray<Asked>): ServerTurn<string> => {
  const start: ServerState<string> = serverOf(new Map(), 2)
  const connected = [1, 2].map((client): Asked => [client, { _tag: "Connect", session: [] }])
  let turn: ServerTurn<string> = { server: start, sends: [], closes: [] }
  for (const [client, request] of [...connected, [1, multi(create("/a"))] as const, ...requests]) {
    turn = serve(guards, turn.server, client, request)
  }
  return turn
}
const after = (...requests: ReadonlyArray<Asked>): ReadonlyArray<readonly [to: number, message: ToClient<string>]> =>
  turnAfter(...requests).sends.map(({ message, to }) => [to, message] as const)

/** What a client hears that comes back to its session after the other one's changes. */
const back = (zxid: number, ...changes: ReadonlyArray<Operation<string>>): ReadonlyArray<string> =>
  after(
    ...changes.map((change): Asked => [2, multi(change)]),
    [1, { _tag: "Connect", session: [1] }],
    [1, { _tag: "SetWatches", zxid, data: ["data /a"], exist: ["data /b"], child: ["children /a"] }]
  ).map(([, message]) => message._tag === "Event" ? `${message.watch}: ${message.type}` : message._tag)

const twoChildren: Asked = [1, multi(create("/a/c"), create("/a/b"))]
const collected = (of: Extract<ToServer<string>, { readonly _tag: "Collect" }>["of"]): unknown => {
  const message = after(twoChildren, [2, { _tag: "Collect", of }])[0]![1]
  return message._tag === "Collected" ? { of: message.of, paths: [...message.znodes.keys()] } : message
}

const event = (watch: WatchName, type: "NodeCreated" | "NodeDataChanged" | "NodeDeleted" | "NodeChildrenChanged") => ({
  _tag: "Event",
  watch,
  type
})

// Two sessions and the creation of /a are the transactions 1 to 3.
const ofWatches: ReadonlyArray<Example> = [
  {
    sentence: "a server tells whoever watches before it answers who changed",
    says: () => after([1, read("data /a")], [2, read("data /a")], [1, multi(set("/a"))]),
    expected: [
      [1, event("data /a", "NodeDataChanged")],
      [2, event("data /a", "NodeDataChanged")],
      [1, { _tag: "Done", zxid: 4 }]
    ]
  },
  {
    sentence: "it tells of one change only, even where a multi makes two",
    says: () => [
      after([2, read("data /b")], [1, multi(create("/b"), set("/b"), remove("/b"))]),
      after([2, read("data /a")], [1, multi(set("/a"))], [1, multi(set("/a"))])
    ],
    expected: [
      [[2, event("data /b", "NodeCreated")], [1, { _tag: "Done", zxid: 4 }]],
      [[1, { _tag: "Done", zxid: 5 }]]
    ]
  },
  {
    sentence: "a watch that fires leaves the others of its session, and two that fire at once are both gone",
    says: () => {
      const watched: ReadonlyArray<Asked> = [[2, read("data /a")], [2, read("children /a")], [2, read("data /b")]]
      const others: Asked = [1, multi(create("/b"), create("/a/c"))]
      return [after(...watched, [1, multi(set("/a"))], others), after(...watched, others, [1, multi(set("/b"))])]
    },
    expected: [
      [
        [2, event("data /b", "NodeCreated")],
        [2, event("children /a", "NodeChildrenChanged")],
        [1, { _tag: "Done", zxid: 5 }]
      ],
      [[1, { _tag: "Done", zxid: 5 }]]
    ]
  },
  {
    // The guard EventsGoFirst off: a queue of their own, in the order of the transactions.
    sentence: "events that do not go first wait in the order in which they were set off",
    says: () => {
      const { server } = turnAfter([2, read("data /a")], [2, read("data /b")])
      const late = { ...guards, EventsGoFirst: false }
      const changed = [set("/a"), create("/b")].reduce(
        (state, operation) => serve(late, state, 1, multi(operation)).server,
        server
      )
      const first = release(changed, 2)!
      const second = release(first.server, 2)!
      return [...[first, second].map(({ sends }) => sends), release(second.server, 2) ?? "nothing"]
    },
    expected: [
      [{ to: 2, message: event("data /a", "NodeDataChanged") }],
      [{ to: 2, message: event("data /b", "NodeCreated") }],
      "nothing"
    ]
  },
  {
    sentence: "it tells of children who come and go, not of what they hold",
    says: () => [
      after([2, read("children /a")], [1, multi(create("/a/b"))])[0],
      after([1, multi(create("/a/b"))], [2, read("children /a")], [1, multi(set("/a/b"))])
    ],
    expected: [[2, event("children /a", "NodeChildrenChanged")], [[1, { _tag: "Done", zxid: 5 }]]]
  },
  {
    sentence: "it watches for a znode that is not there, but not for the children of one",
    says: () => [
      after([2, read("data /b")]),
      after([2, read("children /b")], [1, multi(create("/b"), create("/b/c"))]),
      after([2, { _tag: "Collect", of: "children /b" }], [1, multi(create("/b"), create("/b/c"))])
    ],
    expected: [
      [[2, { _tag: "Found", zxid: 3, watch: "data /b", znode: [] }]],
      [[1, { _tag: "Done", zxid: 4 }]],
      [[1, { _tag: "Done", zxid: 4 }]]
    ]
  },
  {
    sentence: "a client that comes back is told what it missed since the zxid that it saw, and watches the rest again",
    says: () => [
      back(3),
      back(3, set("/a")),
      back(3, create("/b")),
      back(3, create("/a/c")),
      back(3, remove("/a")),
      // What was there before it last looked, and what came and went meanwhile, is nothing new.
      back(4, set("/a")),
      back(3, create("/b"), remove("/b")),
      back(3, remove("/a"), create("/a"))
    ],
    expected: [
      ["WatchesSet"],
      ["data /a: NodeDataChanged", "WatchesSet"],
      ["data /b: NodeCreated", "WatchesSet"],
      ["children /a: NodeChildrenChanged", "WatchesSet"],
      ["data /a: NodeDeleted", "children /a: NodeDeleted", "WatchesSet"],
      ["WatchesSet"],
      ["WatchesSet"],
      ["data /a: NodeDataChanged", "children /a: NodeChildrenChanged", "WatchesSet"]
    ]
  }
]

const refusals: ReadonlyArray<readonly [string, ReadonlyArray<Operation<string>>, code: string, at: number]> = [
  ["what is there is created", [create("/a")], "NodeExists", 1],
  ["there is no parent", [create("/b/c")], "NoNode", 1],
  ["there is nothing to set", [create("/b"), set("/c")], "NoNode", 2],
  ["a version does not fit", [set("/a", 0), set("/a", 0)], "BadVersion", 2],
  ["a child of an ephemeral is made", [create("/e", true), create("/e/f")], "NoChildrenForEphemerals", 2],
  ["a parent goes before its child", [create("/a/b"), remove("/a")], "NotEmpty", 2]
]

/** A znode that these transactions changed, and whose session ends it. */
export const znode = (mzxid: number, pzxid: number, owner: Znode<string>["owner"] = []): Znode<string> => ({
  data: "",
  version: 0,
  czxid: 1,
  mzxid,
  pzxid,
  owner
})

/** Paths as a HashSet of Java 17 lists them that they were put into in the order of their names here. */
const ephemerals = ["/controller", "/brokers/ids/1", "/brokers/ids/2", "/brokers/ids/10", "/a", "/ab", "/zz/yy"]
const asInJava = ["/controller", "/ab", "/brokers/ids/1", "/brokers/ids/10", "/a", "/brokers/ids/2", "/zz/yy"]

const ofRequests: ReadonlyArray<Example> = [
  ...refusals.map(([what, ops, code, at]) => ({
    sentence: `a server does nothing of a multi of which one operation fails, and says which: ${what}`,
    says: () => after(...["/a", "/b", "/e"].map((path): Asked => [2, read(`data ${path}`)]), [1, multi(...ops)]),
    expected: [[1, { _tag: "Failed", zxid: 4, code, at }]]
  })),
  {
    sentence: "it ends a session with its ephemerals in one transaction, and closes its connection after the answer",
    says: () => {
      const turn = turnAfter([1, multi(create("/e", true))], [2, read("data /e")], [1, { _tag: "Close" }])
      return [turn.sends.map(({ message, to }) => [to, message]), turn.closes]
    },
    expected: [[[2, event("data /e", "NodeDeleted")], [1, { _tag: "Closed", zxid: 5 }]], [1]]
  },
  {
    // DataTree.ephemerals: a HashSet of paths a session.
    sentence: "the ephemerals of a session go in the order of Java's set, and nobody else's with them",
    says: () => {
      const others = ([[2, 2], [1, 1], []] as const).map((owner, i) => [`/other/${i}`, znode(1, 1, owner)] as const)
      const owned = ephemerals.map((path) => [path, znode(1, 1, [2, 1])] as const)
      return ephemeralsOf(new Map([...owned, ...others]), [2, 1])
    },
    expected: asInJava
  },
  {
    sentence: "it does nothing for a session that has ended, and says so to who comes back to it",
    says: () => [
      after([1, { _tag: "Close" }], [1, multi(create("/b"))]),
      after([1, { _tag: "Close" }], [1, { _tag: "Connect", session: [1] }])
    ],
    expected: [[], [[1, { _tag: "Expired" }]]]
  },
  {
    sentence: "it collects several znodes at once, or the children of one with a watch",
    says: () => [
      collected(["/a/b", "/d"]),
      collected("children /a"),
      after(twoChildren, [2, { _tag: "Collect", of: "children /a" }], [1, multi(remove("/a/b"))])[0]
    ],
    expected: [
      { of: [], paths: ["/a/b"] },
      { of: [{ watch: "children /a", stamp: [4] }], paths: ["/a/b", "/a/c"] },
      [2, event("children /a", "NodeChildrenChanged")]
    ]
  }
]

export const examples: ReadonlyArray<Example> = [...ofWatches, ...ofRequests]
