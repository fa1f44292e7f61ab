/**
 * The ZooKeeper server: what it does with each request, when a session ends, when a connection does.
 *
 *     request of a connection ─▶ turn: the server after it, messages by client, connections that it closes
 *
 * The decision: everything that changes is a transaction with the next zxid; the events that it sets off are sent in the
 * same turn and before the reply, so a client hears of a change before it can read it. A watch belongs to a connection
 * and a session outlives its connections.
 *
 * Authority: PrepRequestProcessor, FinalRequestProcessor, DataTree.setWatches, WatchManager, ZooKeeperServer.reopenSession
 * of ZooKeeper 3.8. Names are those of spec/kafka/ZooKeeper.tla.
 */
import { at, change, type Maybe, put, upTo } from "./Cluster.ts"
import {
  childrenOf,
  type Code,
  ephemeralsOf,
  type Event,
  isDataWatch,
  multi,
  type Operation,
  stampOf,
  type Tree,
  type TreeGuards,
  watchedBy,
  type WatchName,
  without,
  type Znode
} from "./ZooKeeperTree.ts"

export interface ZooKeeperGuards extends TreeGuards {
  /** The transaction that ends a session deletes what is its own. */
  readonly EphemeralsGoAtOnce: boolean
  /** What a client sent in a session that has ended does nothing. */
  readonly RefusesEndedSessions: boolean
  /** A watch that fired is gone. */
  readonly WatchFiresOnce: boolean
  /** An event joins the queue with the transaction that sets it off. */
  readonly EventsGoFirst: boolean
}

export type ToServer<Data> =
  /** Takes a session up again, or asks for one. */
  | { readonly _tag: "Connect"; readonly session: Maybe<number> }
  /** A client's watches, with the last zxid that it saw: on what was there, on what was not, on children. */
  | {
    readonly _tag: "SetWatches"
    readonly zxid: number
    readonly data: ReadonlyArray<WatchName>
    readonly exist: ReadonlyArray<WatchName>
    readonly child: ReadonlyArray<WatchName>
  }
  | { readonly _tag: "Read"; readonly watch: WatchName }
  /** Several reads that leave no watch, or the children of a path with their data and a watch, served at once. */
  | { readonly _tag: "Collect"; readonly of: ReadonlyArray<string> | WatchName }
  /** A multi of one operation is the plain request. */
  | { readonly _tag: "Multi"; readonly ops: ReadonlyArray<Operation<Data>> }
  | { readonly _tag: "Close" }

/** What was watched, and the transaction that changed it last. */
type Collected = Maybe<{ readonly watch: WatchName; readonly stamp: Maybe<number> }>

/** Every reply to a request carries the zxid of the server's last transaction. */
export type ToClient<Data> =
  | { readonly _tag: "Connected"; readonly session: number }
  | { readonly _tag: "Expired" }
  | Event
  | { readonly _tag: "WatchesSet"; readonly zxid: number }
  | { readonly _tag: "Found"; readonly zxid: number; readonly watch: WatchName; readonly znode: Maybe<Znode<Data>> }
  | { readonly _tag: "Collected"; readonly zxid: number; readonly of: Collected; readonly znodes: Tree<Data> }
  | { readonly _tag: "Done"; readonly zxid: number }
  /** Operation `at`, counted from 1, failed. */
  | { readonly _tag: "Failed"; readonly zxid: number; readonly code: Code; readonly at: number }
  | { readonly _tag: "Closed"; readonly zxid: number }

/** What the server knows of a client; arrays of these count from client 1. */
export interface ServerSide {
  /** The client's sessions that live, ascending. */
  readonly sessions: ReadonlyArray<number>
  /** Sessions that it was given so far. */
  readonly opened: number
  /** Its connection is open. */
  readonly accepted: boolean
  /** The session of its connection. */
  readonly attached: Maybe<number>
  /** What is watched for its connection, ascending. */
  readonly watches: ReadonlyArray<WatchName>
  /** Events on another way, where they do not go first. */
  readonly held: ReadonlyArray<Event>
}

export interface ServerState<Data> {
  readonly tree: Tree<Data>
  readonly zxid: number
  readonly clients: ReadonlyArray<ServerSide>
}

export interface ServerTurn<Data> {
  readonly server: ServerState<Data>
  readonly sends: ReadonlyArray<{ readonly to: number; readonly message: ToClient<Data> }>
  /** The client whose connection the server closes, after what it sends. */
  readonly closes: Maybe<number>
}

const stranger: ServerSide = { sessions: [], opened: 0, accepted: false, attached: [], watches: [], held: [] }

/** A server that has heard of nobody. */
export const serverOf = <Data>(tree: Tree<Data>, clients: number): ServerState<Data> => ({
  tree,
  zxid: 0,
  clients: upTo(clients).map(() => stranger)
})

/** Without its connection; the session stays. */
const disconnected = (side: ServerSide): ServerSide => ({
  ...side,
  accepted: false,
  attached: [],
  watches: [],
  held: []
})

const answer = <Data>(server: ServerState<Data>, to: number, message: ToClient<Data>): ServerTurn<Data> => ({
  server,
  sends: [{ to, message }],
  closes: []
})

/** What a connection is told of events, in their order: each watch that it has, once. */
const firedFor = (guards: ZooKeeperGuards, { watches }: ServerSide, events: ReadonlyArray<Event>) => {
  const isFirst = ({ watch }: Event, i: number) => events.findIndex((event) => event.watch === watch) === i
  const fired = events.filter((event, i) => watches.includes(event.watch) && isFirst(event, i))
  const isLeft = (watch: WatchName) => !guards.WatchFiresOnce || fired.every((event) => event.watch !== watch)
  return { fired, left: watches.filter(isLeft) }
}

/** One transaction: the tree after it, and what it sets off. */
const transaction = <Data>(
  guards: ZooKeeperGuards,
  server: ServerState<Data>,
  tree: Tree<Data>,
  events: ReadonlyArray<Event>
): ServerTurn<Data> => {
  const sends: Array<ServerTurn<Data>["sends"][number]> = []
  const clients = server.clients.map((side, i): ServerSide => {
    const { fired, left } = firedFor(guards, side, events)
    if (!guards.EventsGoFirst) return { ...side, watches: left, held: [...side.held, ...fired] }
    fired.forEach((message) => sends.push({ to: i + 1, message }))
    return { ...side, watches: left }
  })
  return { server: { tree, zxid: server.zxid + 1, clients }, sends, closes: [] }
}

const connect = <Data>(server: ServerState<Data>, client: number, [wanted]: Maybe<number>): ServerTurn<Data> => {
  const side = { ...disconnected(at(server.clients, client)), accepted: true }
  const known = (after: ServerSide) => ({ ...server, clients: put(server.clients, client, after) })
  if (wanted === undefined) {
    const session = side.opened + 1
    const opened = known({ ...side, opened: session, sessions: [...side.sessions, session], attached: [session] })
    return answer({ ...opened, zxid: server.zxid + 1 }, client, { _tag: "Connected", session })
  }
  return side.sessions.includes(wanted)
    ? answer(known({ ...side, attached: [wanted] }), client, { _tag: "Connected", session: wanted })
    : answer(known(side), client, { _tag: "Expired" })
}

/** What a watch has missed since this zxid. */
const missed = <Data>(tree: Tree<Data>, watch: WatchName, zxid: number, wasThere: boolean): ReadonlyArray<Event> => {
  const tell = (type: Event["type"]): ReadonlyArray<Event> => [{ _tag: "Event", watch, type }]
  const [stamp] = stampOf(tree, watch)
  if (!wasThere) return stamp === undefined ? [] : tell("NodeCreated")
  if (stamp === undefined) return tell("NodeDeleted")
  if (stamp <= zxid) return []
  return tell(isDataWatch(watch) ? "NodeDataChanged" : "NodeChildrenChanged")
}

const union = (one: ReadonlyArray<WatchName>, two: ReadonlyArray<WatchName>): ReadonlyArray<WatchName> =>
  [...new Set([...one, ...two])].sort()

const setWatches = <Data>(
  server: ServerState<Data>,
  client: number,
  request: Extract<ToServer<Data>, { readonly _tag: "SetWatches" }>
): ServerTurn<Data> => {
  const asked = [...request.data, ...request.exist, ...request.child]
  const events = asked.flatMap((watch) => missed(server.tree, watch, request.zxid, !request.exist.includes(watch)))
  const left = asked.filter((watch) => events.every((event) => event.watch !== watch))
  const clients = change(server.clients, client, (side) => ({ ...side, watches: union(side.watches, left) }))
  const replies = [...events, { _tag: "WatchesSet", zxid: server.zxid } as const]
  return { server: { ...server, clients }, sends: replies.map((message) => ({ to: client, message })), closes: [] }
}

const watching = <Data>(server: ServerState<Data>, client: number, watch: WatchName): ServerState<Data> => ({
  ...server,
  clients: change(server.clients, client, (side) => ({ ...side, watches: union(side.watches, [watch]) }))
})

/** A watch for children needs the znode; one for data waits for it. */
const read = <Data>(server: ServerState<Data>, client: number, watch: WatchName): ServerTurn<Data> => {
  const znode = server.tree.get(watchedBy(watch))
  const after = znode !== undefined || isDataWatch(watch) ? watching(server, client, watch) : server
  const found = { _tag: "Found", zxid: server.zxid, watch, znode: znode === undefined ? [] : [znode] } as const
  return answer(after, client, found)
}

const collect = <Data>(
  server: ServerState<Data>,
  client: number,
  wanted: Extract<ToServer<Data>, { readonly _tag: "Collect" }>["of"]
): ServerTurn<Data> => {
  const among = (paths: ReadonlyArray<string>): Tree<Data> =>
    new Map(paths.flatMap((path) => {
      const znode = server.tree.get(path)
      return znode === undefined ? [] : [[path, znode] as const]
    }))
  const told = (after: ServerState<Data>, of: Collected, paths: ReadonlyArray<string>): ServerTurn<Data> =>
    answer(after, client, { _tag: "Collected", zxid: server.zxid, of, znodes: among(paths) })
  if (typeof wanted !== "string") return told(server, [], wanted)
  const stamp = stampOf(server.tree, wanted)
  const after = stamp.length > 0 ? watching(server, client, wanted) : server
  return told(after, [{ watch: wanted, stamp }], childrenOf(server.tree, watchedBy(wanted)))
}

const write = <Data>(
  guards: ZooKeeperGuards,
  server: ServerState<Data>,
  client: number,
  session: number,
  ops: ReadonlyArray<Operation<Data>>
): ServerTurn<Data> => {
  const zxid = server.zxid + 1
  const outcome = multi(server.tree, ops, [client, session], zxid, guards)
  const turn = transaction(guards, server, outcome.tree, outcome._tag === "Failed" ? [] : outcome.events)
  const message: ToClient<Data> = outcome._tag === "Failed"
    ? { _tag: "Failed", zxid, code: outcome.code, at: outcome.at + 1 }
    : { _tag: "Done", zxid }
  return { ...turn, sends: [...turn.sends, { to: client, message }] }
}

/** A session ends: its ephemerals with it; its connection is closed after the last reply. */
const endSession = <Data>(
  guards: ZooKeeperGuards,
  server: ServerState<Data>,
  client: number,
  session: number,
  isAsked: boolean
): ServerTurn<Data> => {
  const closes = at(server.clients, client).attached[0] === session && (isAsked || guards.RefusesEndedSessions)
  const left_ = (side: ServerSide): ServerSide => ({
    ...closes ? disconnected(side) : side,
    sessions: side.sessions.filter((each) => each !== session)
  })
  const left = { ...server, clients: change(server.clients, client, left_) }
  const gone = guards.EphemeralsGoAtOnce ? ephemeralsOf(server.tree, [client, session]) : []
  const { events, tree } = without(server.tree, gone, server.zxid + 1)
  const turn = transaction(guards, left, tree, events)
  const last = isAsked ? [{ to: client, message: { _tag: "Closed", zxid: server.zxid + 1 } as const }] : []
  return { ...turn, sends: [...turn.sends, ...last], closes: closes ? [client] : [] }
}

/** The next request of a client's connection. */
export const serve = <Data>(
  guards: ZooKeeperGuards,
  server: ServerState<Data>,
  client: number,
  request: ToServer<Data>
): ServerTurn<Data> => {
  if (request._tag === "Connect") return connect(server, client, request.session)
  const [session] = at(server.clients, client).attached
  if (session === undefined) return { server, sends: [], closes: [] }
  switch (request._tag) {
    case "SetWatches":
      return setWatches(server, client, request)
    case "Read":
      return read(server, client, request.watch)
    case "Collect":
      return collect(server, client, request.of)
    case "Multi":
      return write(guards, server, client, session, request.ops)
    case "Close":
      return endSession(guards, server, client, session, true)
  }
}

/** A session's time is over, if it has not ended before. */
export const expire = <Data>(
  guards: ZooKeeperGuards,
  server: ServerState<Data>,
  client: number,
  session: number
): ServerTurn<Data> | undefined =>
  at(server.clients, client).sessions.includes(session)
    ? endSession(guards, server, client, session, false)
    : undefined

/** A connection is over, whoever ended it. */
export const loseClient = <Data>(server: ServerState<Data>, client: number): ServerState<Data> | undefined =>
  at(server.clients, client).accepted
    ? { ...server, clients: change(server.clients, client, disconnected) }
    : undefined

/** The next event that did not go first. */
export const release = <Data>(server: ServerState<Data>, client: number): ServerTurn<Data> | undefined => {
  const [event, ...held] = at(server.clients, client).held
  if (event === undefined) return undefined
  const clients = change(server.clients, client, (side) => ({ ...side, held }))
  return answer({ ...server, clients }, client, event)
}

/** Deletes one ephemeral that a session's end has left behind. */
export const sweep = <Data>(guards: ZooKeeperGuards, server: ServerState<Data>): ServerTurn<Data> | undefined => {
  if (guards.EphemeralsGoAtOnce) return undefined
  const orphan = [...server.tree].find(([, { owner: [client, session] }]) =>
    client !== undefined && !at(server.clients, client).sessions.includes(session!)
  )
  if (orphan === undefined) return undefined
  const { events, tree } = without(server.tree, [orphan[0]], server.zxid + 1)
  return transaction(guards, server, tree, events)
}
