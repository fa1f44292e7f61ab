/**
 * The part of ZooKeeper, and of each broker's connection to it, in the model ControllerElection.
 *
 * The decision: one request of one broker is one action, events that it fires join each queue before anything newer can be
 * read, and a request of a session that is over is dropped. Requests that were sent outlive their sender.
 *
 * Authority: PrepRequestProcessor, FinalRequestProcessor, SessionTrackerImpl, WatchManager (ZooKeeper 3.8); what a multi
 * does is src/kafka/rules/ZooKeeperTree.ts.
 */
import { integers } from "../../machine/Domain.ts"
import { action } from "../../machine/Machine.ts"
import { at, change, type Cluster, type Maybe, partitionsOf, put } from "../rules/Cluster.ts"
import type { WatchKind, ZkOperation, ZkReply, ZnodeData } from "../rules/CoordinationMessages.ts"
import type { Phase } from "../rules/Knowledge.ts"
import * as Tree from "../rules/ZooKeeperTree.ts"
import { type Constants, indexOf, type State, type ToZooKeeper, type Znode } from "./ControllerElectionState.ts"

type Request<Tag> = Extract<ToZooKeeper["message"], { readonly _tag: Tag }>

/** Whether a broker has an end that hears from ZooKeeper. */
export const listens = (s: State, b: number): boolean => at(s.status, b) === "up" && at(s.linked, b)

const isSession = (s: State, b: number, n: number): boolean => at(s.sessions, b).includes(n)

const changed = (before: Maybe<Znode>, after: Maybe<Znode>): boolean =>
  before !== after && JSON.stringify(before) !== JSON.stringify(after)

/** The watches that a change of the tree fires. */
const fires = (cluster: Cluster, before: State["tree"], after: State["tree"]): ReadonlyArray<WatchKind> => {
  const controller = indexOf(cluster, ["controller", 0])
  const isMoved = cluster.brokers.some((b) => {
    const index = indexOf(cluster, ["ids", b])
    return before[index]!.length !== after[index]!.length
  })
  return [
    ...changed(before[controller]!, after[controller]!) ? ["ControllerChange" as const] : [],
    ...isMoved ? ["BrokerChange" as const] : []
  ]
}

/** Each watch that is set fires once: its event joins the broker's queue, and it is set no longer. */
const fired = (s: State, kinds: ReadonlyArray<WatchKind>): Pick<State, "fromZk" | "watches"> =>
  kinds.length === 0 ? s : {
    fromZk: s.fromZk.map((queue, i) => {
      const mine = kinds.filter((kind) => s.watches[i]!.includes(kind))
      return mine.length === 0 ? queue : [...queue, ...mine.map((kind) => ({ _tag: "Event" as const, kind }))]
    }),
    watches: s.watches.map((set) => set.filter((kind) => !kinds.includes(kind)))
  }

/** The reply, to a broker that is there to hear it. */
const answered = (s: State, b: number, queues: State["fromZk"], reply: ZkReply): State["fromZk"] =>
  listens(s, b) ? change(queues, b, (queue) => [...queue, reply]) : queues

const zkName = (index: number): string => `/${index}`

/** The tree as the rule has it: names without parents, and without the numbers of transactions. */
const treeOf = (tree: State["tree"]): Tree.Tree<ZnodeData> =>
  new Map(tree.flatMap(([znode], index) => {
    if (znode === undefined) return []
    return [
      [zkName(index), {
        ...znode,
        owner: znode.owner as Tree.Znode<ZnodeData>["owner"],
        czxid: 0,
        mzxid: 0,
        pzxid: 0
      }] as const
    ]
  }))

const fromTree = (tree: Tree.Tree<ZnodeData>, before: State["tree"]): State["tree"] =>
  before.map((old, index) => {
    const znode = tree.get(zkName(index))
    if (znode === undefined) return old.length === 0 ? old : []
    const { data, owner, version } = znode
    if (old[0]?.data === data && old[0].version === version) return old
    return [{ data, version, owner }]
  })

const operationOf = (cluster: Cluster, op: ZkOperation): Tree.Operation<ZnodeData> => ({
  ...op,
  path: zkName(indexOf(cluster, op.path))
})

const ownerOf = (tree: State["tree"], cluster: Cluster, b: number): Maybe<number> =>
  tree[indexOf(cluster, ["ids", b])]!.map(({ owner }) => owner[1]!)

const readReply = (cluster: Cluster, { tree }: State, b: number, what: Request<"Read">["what"]): ZkReply => {
  switch (what) {
    case "controller":
      return {
        _tag: "Controller",
        controller: tree[0]!.flatMap(({ data }) => data._tag === "Controller" ? [data.broker] : [])
      }
    case "epoch":
      return {
        _tag: "Epoch",
        epoch: tree[1]!.flatMap(({ data, version }) => data._tag === "Epoch" ? [{ epoch: data.value, version }] : [])
      }
    case "id":
      return { _tag: "Owner", owner: ownerOf(tree, cluster, b) }
    case "brokers":
      return { _tag: "Brokers", brokers: cluster.brokers.map((broker) => ownerOf(tree, cluster, broker)) }
    case "states":
      return {
        _tag: "States",
        states: partitionsOf(cluster).map((partition) =>
          tree[indexOf(cluster, ["state", partition])]!.flatMap(({ data, version }) => {
            if (data._tag !== "State") return []
            const { controllerEpoch, epoch, isr, leader } = data
            return [{ leader, epoch, isr, controllerEpoch, version }]
          })
        )
      }
  }
}

/** A session ends: its znodes go at once, and its own broker, where it listens, hears that and nothing else. */
const endSession = (cluster: Cluster, s: State, b: number, n: number): State => {
  const tree = s.tree.map((znode) => znode[0]?.owner[0] === b && znode[0].owner[1] === n ? [] : znode)
  const kinds = fires(cluster, s.tree, tree)
  const [session] = at(s.attached, b)
  const all = fired(s, kinds)
  return {
    ...s,
    tree,
    sessions: change(s.sessions, b, (open) => open.filter((each) => each !== n)),
    watches: session === undefined || session === n ? put(all.watches, b, []) : all.watches,
    fromZk: session !== n
      ? all.fromZk
      : put(all.fromZk, b, listens(s, b) ? [...at(s.fromZk, b), { _tag: "Expired" }] : at(s.fromZk, b))
  }
}

const watchOrder: ReadonlyArray<WatchKind> = ["ControllerChange", "BrokerChange"]

/** The thread has found no `/controller`, and its watch there was left on nothing. */
const leftOnNothing: ReadonlyArray<Phase> = ["reading", "creating", "claiming", "verifying"]

/**
 * A client that is back in its session hands its watches over: it is told of what it has missed, data before children. A
 * watch that was left on nothing is not told of a znode that came and went meanwhile, and stays.
 */
const resumed = (s: State, b: number, session: number): Pick<State, "fromZk" | "watches"> => {
  const missed = watchOrder.filter((each) =>
    at(s.fromZk, b).some((message) => message._tag === "Event" && message.kind === each)
  )
  const isUnseen = (each: WatchKind): boolean =>
    each === "ControllerChange" && s.tree[0]!.length === 0 && leftOnNothing.includes(at(s.own, b).phase)
  const told = missed.filter((each) => !isUnseen(each)).map((each) => ({ _tag: "Event" as const, kind: each }))
  return {
    fromZk: put(s.fromZk, b, [{ _tag: "Connected", session }, ...told]),
    watches: missed.some(isUnseen) ? change(s.watches, b, (set) => ["ControllerChange", ...set]) : s.watches
  }
}

const serveConnect = (s: State, b: number, { session: [n] }: Request<"Connect">): State => {
  if (n === undefined) {
    const session = at(s.opened, b) + 1
    return {
      ...s,
      opened: put(s.opened, b, session),
      sessions: change(s.sessions, b, (open) => [...open, session]),
      attached: put(s.attached, b, listens(s, b) ? [session] : []),
      watches: put(s.watches, b, []),
      fromZk: answered(s, b, s.fromZk, { _tag: "Connected", session })
    }
  }
  if (!listens(s, b)) return isSession(s, b, n) ? { ...s, attached: put(s.attached, b, []) } : s
  if (!isSession(s, b, n)) return { ...s, fromZk: put(s.fromZk, b, [{ _tag: "Expired" }]) }
  return { ...s, ...resumed(s, b, n), attached: put(s.attached, b, [n]) }
}

const watchOf: Partial<Record<Request<"Read">["what"], WatchKind>> = {
  controller: "ControllerChange",
  brokers: "BrokerChange"
}

const serveRead = (cluster: Cluster, s: State, b: number, { what }: Request<"Read">): State => {
  const fromZk = answered(s, b, s.fromZk, readReply(cluster, s, b, what))
  const watch = watchOf[what]
  if (watch === undefined || !listens(s, b)) return { ...s, fromZk }
  const watches = change(s.watches, b, (set) => watchOrder.filter((kind) => kind === watch || set.includes(kind)))
  return { ...s, fromZk, watches }
}

const serveMulti = (cluster: Cluster, s: State, b: number, { ops }: Request<"Multi">, n: number): State => {
  const operations = ops.map((op) => operationOf(cluster, op))
  const outcome = Tree.multi(treeOf(s.tree), operations, [b, n], 0)
  if (outcome._tag === "Failed") {
    const code = outcome.code as "NodeExists" | "NoNode" | "BadVersion"
    return { ...s, fromZk: answered(s, b, s.fromZk, { _tag: "Failed", code, at: outcome.at + 1 }) }
  }
  const tree = fromTree(outcome.tree, s.tree)
  const all = fired(s, fires(cluster, s.tree, tree))
  return { ...s, tree, watches: all.watches, fromZk: answered(s, b, all.fromZk, { _tag: "Done" }) }
}

const serve = (c: Constants, cluster: Cluster, s: State, b: number): State | undefined => {
  const [first, ...toZk] = at(s.toZk, b)
  if (first === undefined) return undefined
  const { message, session } = first
  const rest = { ...s, toZk: put(s.toZk, b, toZk) }
  if (message._tag === "Connect") {
    const isRefused = message.session.length === 0 && at(s.opened, b) >= c.MaxSessions
    return isRefused ? undefined : serveConnect(rest, b, message)
  }
  if (!isSession(s, b, session)) return rest
  switch (message._tag) {
    case "Close":
      return endSession(cluster, rest, b, session)
    case "Read":
      return serveRead(cluster, rest, b, message)
    case "Multi":
      return serveMulti(cluster, rest, b, message, session)
  }
}

/** All is dealt with: nobody waits, nothing is on the way. */
export const isQuiet = (cluster: Cluster, s: State): boolean =>
  cluster.brokers.every((b) => {
    const own = at(s.own, b)
    const sessions = at(s.sessions, b)
    return at(s.status, b) === "up" && own.phase === "idle" && own.events.length === 0 &&
      at(s.fromZk, b).length === 0 &&
      at(s.toZk, b).length === 0 && sessions.length === 1 && sessions[0] === own.session[0]
  })

/** Whether a process may fail now. */
export const mayFail = (c: Constants, cluster: Cluster, s: State): boolean =>
  s.faults < c.MaxFaults && (!c.FaultsApart || isQuiet(cluster, s))

/** Actions of ZooKeeper and of connections to it. */
export const zooKeeperActions = (c: Constants, cluster: Cluster) => ({
  Serve: action([cluster.brokers], (s: State, b) => serve(c, cluster, s, b)),
  Expire: action([cluster.brokers, integers(1, c.MaxSessions)], (s: State, b, n) => {
    if (!isSession(s, b, n)) return undefined
    const isAlive = at(s.status, b) === "up" && at(s.own, b).session[0] === n
    if (isAlive && !mayFail(c, cluster, s)) return undefined
    return endSession(cluster, isAlive ? { ...s, faults: s.faults + 1 } : s, b, n)
  }),
  DeleteController: action([], (s: State) => {
    if (s.deletes >= c.MaxDeletes || s.tree[0]!.length === 0) return undefined
    return { ...s, ...fired(s, ["ControllerChange"]), tree: s.tree.with(0, []), deletes: s.deletes + 1 }
  }),
  Reconnect: action([cluster.brokers], (s: State, b) => {
    if (at(s.status, b) !== "up" || at(s.linked, b) || at(s.toZk, b).length > 0) return undefined
    const { session } = at(s.own, b)
    return {
      ...s,
      linked: put(s.linked, b, true),
      own: change(s.own, b, (own) => ({ ...own, connecting: true })),
      toZk: put(s.toZk, b, [{ session: session[0] ?? 0, message: { _tag: "Connect", session } }])
    }
  }),
  Disconnect: action([cluster.brokers], (s: State, b) => {
    if (!listens(s, b) || s.faults >= c.MaxFaults) return undefined
    return {
      ...s,
      linked: put(s.linked, b, false),
      attached: put(s.attached, b, []),
      toZk: put(s.toZk, b, []),
      fromZk: change(s.fromZk, b, (queue) => queue.filter(({ _tag }) => _tag === "Event")),
      faults: s.faults + 1
    }
  })
})
