/**
 * A client's side of its session with ZooKeeper: what it knows, and what each message does to that.
 *
 * The decision: the client keeps its own list of watches and the last zxid that it saw, and hands both over when it comes
 * back to its session. A connection that is lost leaves it ignorant of what it asked last; a session that is over leaves
 * it nothing.
 *
 * Authority: ClientCnxn (SendThread.primeConnection, readResponse, onConnected), ZKWatchManager of ZooKeeper 3.8; one
 * request at a time, as KafkaController's thread asks. Names are those of spec/kafka/ZooKeeper.tla.
 */
import type { Maybe } from "./Cluster.ts"
import type { ToClient, ToServer } from "./ZooKeeperServer.ts"
import { isDataWatch, stampOf, watchedBy, type WatchName, type Znode } from "./ZooKeeperTree.ts"

/** A watch that has not fired, and what it was left on: the transaction that changed it last, or nothing there. */
interface Registered {
  readonly watch: WatchName
  readonly stamp: Maybe<number>
}

/** `Asked` is what a client remembers of its question. */
export interface ClientKnowledge<Asked> {
  readonly session: Maybe<number>
  /** The session is taken up on this connection. */
  readonly ready: boolean
  readonly asks: Maybe<Asked>
  /** The zxid of the last reply. */
  readonly seen: number
  /** One a watch; on children only of what was there. */
  readonly registered: ReadonlyArray<Registered>
}

export interface ClientGuards {
  /** A client that comes back hands over its watches. */
  readonly WatchesSetAgain: boolean
}

/** What a client knows when it starts, and when its session is over. */
export const beginning: ClientKnowledge<never> = { session: [], ready: false, asks: [], seen: 0, registered: [] }

export interface ClientTurn<Asked> {
  readonly own: ClientKnowledge<Asked>
  readonly sends: Maybe<Extract<ToServer<never>, { readonly _tag: "SetWatches" }>>
  /** The client closes the connection: the session is over. */
  readonly closes: boolean
}

/** What is found under a watch, as the watch sees it. */
export const stampFound = (watch: WatchName, found: Maybe<Znode<unknown>>): Maybe<number> =>
  stampOf(new Map(found.map((znode) => [watchedBy(watch), znode])), watch)

const unregistered = (all: ReadonlyArray<Registered>, name: WatchName): ReadonlyArray<Registered> =>
  all.filter(({ watch }) => watch !== name)

const register = (
  all: ReadonlyArray<Registered>,
  one: Registered
): ReadonlyArray<Registered> => [...unregistered(all, one.watch), one]

const handOver = ({ registered, seen }: ClientKnowledge<unknown>): ClientTurn<unknown>["sends"] => {
  const names = (fits: (one: Registered) => boolean) => registered.filter(fits).map(({ watch }) => watch).sort()
  return registered.length === 0 ? [] : [{
    _tag: "SetWatches",
    zxid: seen,
    data: names(({ stamp, watch }) => isDataWatch(watch) && stamp.length > 0),
    exist: names(({ stamp }) => stamp.length === 0),
    child: names(({ watch }) => !isDataWatch(watch))
  }]
}

/** The next message of the server. */
export const hear = <Asked>(
  guards: ClientGuards,
  own: ClientKnowledge<Asked>,
  message: ToClient<unknown>
): ClientTurn<Asked> => {
  const quiet = (after: ClientKnowledge<Asked>): ClientTurn<Asked> => ({ own: after, sends: [], closes: false })
  switch (message._tag) {
    case "Connected": {
      const after = { ...own, session: [message.session], ready: true }
      return { own: after, sends: guards.WatchesSetAgain ? handOver(after) : [], closes: false }
    }
    case "Expired":
    case "Closed":
      return { own: beginning, sends: [], closes: true }
    case "Event":
      return quiet({ ...own, registered: unregistered(own.registered, message.watch) })
    case "WatchesSet":
      return quiet({ ...own, seen: message.zxid })
    case "Found": {
      const stamp = stampFound(message.watch, message.znode)
      const leaves = stamp.length > 0 || isDataWatch(message.watch)
      const registered = leaves ? register(own.registered, { watch: message.watch, stamp }) : own.registered
      return quiet({ ...own, asks: [], seen: message.zxid, registered })
    }
    case "Collected": {
      const [left] = message.of
      const registered = left === undefined || left.stamp.length === 0
        ? own.registered
        : register(own.registered, left)
      return quiet({ ...own, asks: [], seen: message.zxid, registered })
    }
    case "Done":
    case "Failed":
      return quiet({ ...own, asks: [], seen: message.zxid })
  }
}

/** The connection is gone: whether what was asked was done, the client does not know. */
export const loseServer = <Asked>(own: ClientKnowledge<Asked>): ClientKnowledge<Asked> => ({
  ...own,
  ready: false,
  asks: []
})
