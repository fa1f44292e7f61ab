/**
 * Constants and variables of the model ZooKeeper: their types, their bounds, and the state it begins in.
 *
 * The decision: a znode that is read is in the state as the watch sees it (the transaction that changed it last, and its
 * version), since nothing else of it decides anything.
 */
import { integers } from "../../machine/Domain.ts"
import * as S from "../../machine/StateSchema.ts"
import { type Maybe, upTo } from "../rules/Cluster.ts"
import { beginning, type ClientGuards, type ClientKnowledge } from "../rules/ZooKeeperClient.ts"
import { type Asked, initialTree, type Kind, paths, watchNames } from "../rules/ZooKeeperRequests.ts"
import { type ToClient, type ToServer, type ZooKeeperGuards } from "../rules/ZooKeeperServer.ts"
import { type Event, stampOf, type Tree, type WatchName, type Znode } from "../rules/ZooKeeperTree.ts"

/** Faults of the module, by the action that strikes. */
export type FaultKind = "Reset" | "Kill" | "Expire" | "GiveUp"

/** The module's constants. */
export interface Constants extends ZooKeeperGuards, ClientGuards {
  readonly Clients: number
  readonly Kinds: ReadonlyArray<Kind>
  readonly MaxAsks: number
  readonly MaxSessions: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<FaultKind>
  readonly MaxKept: number
}

type ByClient<A> = ReadonlyArray<A>
export type Stamp = Maybe<number>

/** A request as the model has it: nobody collects, which is several reads at once. */
export type Request = Exclude<ToServer<number>, { readonly _tag: "Collect" }>

/** A message to a client as the model has it. */
export type Told =
  | Exclude<ToClient<number>, { readonly _tag: "Found" | "Collected" }>
  | {
    readonly _tag: "Found"
    readonly zxid: number
    readonly watch: WatchName
    readonly stamp: Stamp
    readonly version: number
  }

/** What a client's process knows; watches are in the order of the module's function. */
export interface Own extends Omit<ClientKnowledge<Asked>, "registered"> {
  readonly registered: ReadonlyArray<Maybe<Stamp>>
  readonly known: number
}

/** The module's variables; arrays count from client 1. */
export interface State {
  readonly tree: ReadonlyArray<Maybe<Znode<number>>>
  readonly history: ReadonlyArray<ReadonlyArray<Stamp>>
  readonly sessions: ByClient<ReadonlyArray<number>>
  readonly opened: ByClient<number>
  readonly attached: ByClient<Maybe<number>>
  readonly watches: ByClient<ReadonlyArray<WatchName>>
  readonly held: ByClient<ReadonlyArray<Event>>
  readonly accepted: ByClient<boolean>
  readonly dialed: ByClient<boolean>
  readonly cut: ByClient<boolean>
  readonly toServer: ByClient<ReadonlyArray<Request>>
  readonly toClient: ByClient<ReadonlyArray<Told>>
  readonly status: ByClient<"up" | "down">
  readonly own: ByClient<Own>
  readonly won: ByClient<ReadonlyArray<number>>
  readonly asked: number
  readonly faults: number
}

/** Bounds that nothing meets: what a shadow of a run takes. */
export const unbounded = {
  Kinds: ["Take", "Leave", "Count", "Claim", "Fenced", "Remove", "Make", "Look", "List", "Get", "Close"],
  MaxAsks: Infinity,
  MaxSessions: Infinity,
  MaxFaults: Infinity,
  FaultKinds: ["Reset", "Kill", "Expire", "GiveUp"],
  MaxKept: Infinity
} as const satisfies Partial<Constants>

/** What each watch sees of a tree. */
export const stampsOf = (tree: Tree<number>): ReadonlyArray<Stamp> => watchNames.map((watch) => stampOf(tree, watch))

/** A tree in the order of the module's paths, and back. */
export const fromTree = (tree: Tree<number>): State["tree"] =>
  paths.map((path) => {
    const znode = tree.get(path)
    return znode === undefined ? [] : [znode]
  })
export const treeOf = (tree: State["tree"]): Tree<number> =>
  new Map(tree.flatMap(([znode], i) => znode === undefined ? [] : [[paths[i]!, znode] as const]))

/** A client's knowledge in the order of the module's watches. */
export const ownOf = (knowledge: ClientKnowledge<Asked>, known: number): Own => ({
  ...knowledge,
  registered: watchNames.map((watch) =>
    knowledge.registered.filter((one) => one.watch === watch).map(({ stamp }) => stamp)
  ),
  known
})
export const knowledgeOf = ({ asks, ready, registered, seen, session }: Own): ClientKnowledge<Asked> => ({
  session,
  ready,
  asks,
  seen,
  registered: watchNames.flatMap((watch, i) => registered[i]!.map((stamp) => ({ watch, stamp })))
})

/** What a process knows when it starts, and what stands for it while it is down. */
export const resting: Own = ownOf(beginning, 0)

/** Nobody has connected. */
export const initialOf = ({ Clients }: Constants): State => {
  const each = <A>(value: A): ByClient<A> => upTo(Clients).map(() => value)
  return {
    tree: fromTree(initialTree),
    history: [],
    sessions: each([]),
    opened: each(0),
    attached: each([]),
    watches: each([]),
    held: each([]),
    accepted: each(false),
    dialed: each(false),
    cut: each(true),
    toServer: each([]),
    toClient: each([]),
    status: each("up"),
    own: each(resting),
    won: each([]),
    asked: 0,
    faults: 0
  }
}

const most = 3

/** The bounded variables. */
export const variablesOf = (c: Constants): S.RecordSchema<State> => {
  const clients = upTo(c.Clients)
  const by = <A>(of: S.StateSchema<A>) => S.functionOver(clients, of)
  // Each write, each beginning and end of a session, and each deletion that comes later is a transaction.
  const mostZxid = 2 * c.MaxAsks + 2 * c.Clients * c.MaxSessions
  const zxid = S.range(0, mostZxid)
  const client = S.range(0, c.Clients)
  const session = S.range(0, c.MaxSessions)
  const version = S.range(-1, c.MaxAsks)
  const path = S.oneOf(...paths)
  const watch: S.StateSchema<WatchName> = S.oneOf(...watchNames)
  const someWatches: S.StateSchema<ReadonlyArray<WatchName>> = S.subset(watchNames)
  const type = S.oneOf("NodeCreated", "NodeDataChanged", "NodeDeleted", "NodeChildrenChanged")
  const stamp = S.sequence(1, zxid)
  const pair = S.sequence(2, S.range(1, Math.max(c.Clients, c.MaxSessions))) as S.StateSchema<Znode<number>["owner"]>
  const operation = S.union({
    Create: { path, data: client, ephemeral: S.boolean },
    SetData: { path, data: client, version },
    Check: { path, version },
    Delete: { path, version }
  })
  const event = { watch, type }
  const znode = S.record({ data: client, version, czxid: zxid, mzxid: zxid, pzxid: zxid, owner: pair })
  return S.record({
    tree: S.functionOver(paths, S.sequence(1, znode)),
    history: S.sequence(mostZxid, S.functionOver(watchNames, stamp)),
    sessions: by(S.subset(integers(1, c.MaxSessions))),
    opened: by(session),
    attached: by(S.sequence(1, session)),
    watches: by(someWatches),
    held: by(S.sequence(2 * most, S.union({ Event: event }))),
    accepted: by(S.boolean),
    dialed: by(S.boolean),
    cut: by(S.boolean),
    toServer: by(S.sequence(
      most,
      S.union({
        Connect: { session: S.sequence(1, session) },
        SetWatches: { zxid, data: someWatches, exist: someWatches, child: someWatches },
        Read: { watch },
        Multi: { ops: S.sequence(2, operation) },
        Close: {}
      })
    )),
    toClient: by(S.sequence(
      2 * most,
      S.union({
        Connected: { session },
        Expired: {},
        Event: event,
        WatchesSet: { zxid },
        Found: { zxid, watch, stamp, version },
        Done: { zxid },
        Failed: {
          zxid,
          code: S.oneOf("NoNode", "BadVersion", "NoChildrenForEphemerals", "NodeExists", "NotEmpty"),
          at: S.range(1, 2)
        },
        Closed: { zxid }
      })
    )),
    status: by(S.oneOf("up", "down")),
    own: by(S.record({
      session: S.sequence(1, session),
      ready: S.boolean,
      asks: S.sequence(1, S.record({ kind: S.oneOf(...unbounded.Kinds), version })),
      seen: zxid,
      registered: S.functionOver(watchNames, S.sequence(1, stamp)),
      known: S.range(0, c.MaxAsks)
    })),
    won: by(S.subset(integers(0, c.MaxAsks))),
    asked: S.range(0, c.MaxAsks),
    faults: S.range(0, c.MaxFaults)
  })
}
