/**
 * The twin of spec/kafka/ZooKeeper.tla: same variables, actions, parameters and property names.
 *
 * The decision: an action takes at most one message, asks a rule (rules/ZooKeeperServer, rules/ZooKeeperClient), and puts
 * what the rule answers back: a message to a connection that is cut is lost.
 */
import { integers } from "../../machine/Domain.ts"
import { action, type Label, type Machine } from "../../machine/Machine.ts"
import { at, change, type Maybe, put, upTo } from "../rules/Cluster.ts"
import * as Client from "../rules/ZooKeeperClient.ts"
import { initialTree, type Kind, knownAfter, requestOf, watchNames, wonBy } from "../rules/ZooKeeperRequests.ts"
import * as Server from "../rules/ZooKeeperServer.ts"
import { stampOf, type Znode } from "../rules/ZooKeeperTree.ts"
import {
  type Constants,
  type FaultKind,
  fromTree,
  initialOf,
  knowledgeOf,
  ownOf,
  resting,
  type Stamp,
  stampsOf,
  type State,
  type Told,
  treeOf,
  variablesOf
} from "./ZooKeeperState.ts"

export { type Constants, type State, unbounded } from "./ZooKeeperState.ts"

type Answer = Exclude<Server.ToClient<number>, { readonly _tag: "Collected" }>

/** A message as the state keeps it. */
export const toldOf = (message: Answer): Told => {
  if (message._tag !== "Found") return message
  const { watch, znode, zxid } = message
  return { _tag: "Found", zxid, watch, stamp: Client.stampFound(watch, znode), version: znode[0]?.version ?? 0 }
}

/** What nobody looks at in a znode that was read. */
const unseen = { data: 0, czxid: 0, owner: [] } as const

/** The message that the state keeps, with a znode of which only what the watch sees and the version is true. */
const messageOf = (told: Told): Answer => {
  if (told._tag !== "Found") return told
  const { stamp: [stamp], version, watch, zxid } = told
  const znode: Maybe<Znode<number>> = stamp === undefined ? [] : [{ ...unseen, version, mzxid: stamp, pzxid: stamp }]
  return { _tag: "Found", zxid, watch, znode }
}

const serverOf = (s: State): Server.ServerState<number> => ({
  tree: treeOf(s.tree),
  zxid: s.history.length,
  clients: s.sessions.map((sessions, i) => ({
    sessions,
    opened: s.opened[i]!,
    accepted: s.accepted[i]!,
    attached: s.attached[i]!,
    watches: s.watches[i]!,
    held: s.held[i]!
  }))
})

const withServer = (s: State, { clients, tree, zxid }: Server.ServerState<number>): State => ({
  ...s,
  tree: fromTree(tree),
  history: zxid === s.history.length ? s.history : [...s.history, stampsOf(tree)],
  sessions: clients.map(({ sessions }) => sessions),
  opened: clients.map(({ opened }) => opened),
  accepted: clients.map(({ accepted }) => accepted),
  attached: clients.map(({ attached }) => attached),
  watches: clients.map(({ watches }) => watches),
  held: clients.map(({ held }) => held)
})

/** What a turn of the server does to connections: messages join the queues, then an end is closed. */
const carriedOut = (s: State, turn: Server.ServerTurn<number> | undefined): State | undefined => {
  if (turn === undefined) return undefined
  const after = withServer(s, turn.server)
  const toClient = turn.sends.reduce(
    (queues, { message, to }) =>
      at(s.cut, to) ? queues : change(queues, to, (queue) => [...queue, toldOf(message as Answer)]),
    s.toClient
  )
  const [closed] = turn.closes
  if (closed === undefined) return { ...after, toClient }
  return { ...after, toClient, cut: put(s.cut, closed, true), toServer: put(s.toServer, closed, []) }
}

const serverActions = (c: Constants, clients: ReadonlyArray<number>) => ({
  Serve: action([clients], (s: State, client) => {
    const [request, ...rest] = at(s.toServer, client)
    if (request === undefined) return undefined
    const isNew = request._tag === "Connect" && request.session.length === 0
    if (isNew && at(s.opened, client) >= c.MaxSessions) return undefined
    const taken = { ...s, toServer: put(s.toServer, client, rest) }
    return carriedOut(taken, Server.serve(c, serverOf(s), client, request))
  }),
  Expire: action([clients, integers(1, c.MaxSessions)], (s: State, client, session) => {
    const isAlive = at(s.own, client).session[0] === session
    if (isAlive && !mayStrike(c, s, "Expire")) return undefined
    const struck = isAlive ? { ...s, faults: s.faults + 1 } : s
    return carriedOut(struck, Server.expire(c, serverOf(s), client, session))
  }),
  Sweep: action([], (s: State) => carriedOut(s, Server.sweep(c, serverOf(s)))),
  Release: action([clients], (s: State, client) => carriedOut(s, Server.release(serverOf(s), client))),
  LoseClient: action([clients], (s: State, client) => {
    if (!at(s.cut, client) || at(s.toServer, client).length > 0) return undefined
    const after = Server.loseClient(serverOf(s), client)
    return after && withServer(s, after)
  })
})

const mayStrike = (c: Constants, s: State, kind: FaultKind): boolean =>
  s.faults < c.MaxFaults && c.FaultKinds.includes(kind)

const clientActions = (c: Constants, clients: ReadonlyArray<number>) => ({
  Connect: action([clients], (s: State, client) => {
    // Both ends are closed, so the connection is cut.
    const isIdle = at(s.status, client) === "up" && !at(s.dialed, client) && !at(s.accepted, client) &&
      at(s.toServer, client).length === 0
    const { session } = at(s.own, client)
    if (!isIdle || (session.length === 0 && at(s.opened, client) >= c.MaxSessions)) return undefined
    return {
      ...s,
      dialed: put(s.dialed, client, true),
      cut: put(s.cut, client, false),
      toServer: put(s.toServer, client, [{ _tag: "Connect", session } as const])
    }
  }),
  Ask: action([clients, c.Kinds], (s: State, client, kind: Kind) => {
    const own = at(s.own, client)
    // Who is ready has an open connection.
    const mayAsk = own.ready && own.asks.length === 0
    if (!mayAsk || s.asked >= c.MaxAsks) return undefined
    const asked = { kind, version: own.known }
    return {
      ...s,
      own: put(s.own, client, { ...own, asks: [asked] }),
      toServer: at(s.cut, client)
        ? s.toServer
        : change(s.toServer, client, (queue) => [...queue, requestOf(client, asked)]),
      asked: s.asked + 1
    }
  }),
  Hear: action([clients], (s: State, client) => {
    const [told, ...rest] = at(s.toClient, client)
    // What was on its way to a client goes with its end of the connection.
    if (told === undefined) return undefined
    const message = messageOf(told)
    const own = at(s.own, client)
    const turn = Client.hear(c, knowledgeOf(own), message)
    const won = wonBy(own.asks, message)
    return {
      ...s,
      own: put(s.own, client, ownOf(turn.own, knownAfter(own.known, own.asks, message))),
      won: change(s.won, client, (all) => [...new Set([...all, ...won])].sort((a, b) => a - b)),
      dialed: turn.closes ? put(s.dialed, client, false) : s.dialed,
      cut: turn.closes ? put(s.cut, client, true) : s.cut,
      toClient: put(s.toClient, client, rest),
      toServer: at(s.cut, client) ? s.toServer : change(s.toServer, client, (queue) => [...queue, ...turn.sends])
    }
  }),
  LoseServer: action([clients], (s: State, client) => {
    const isOver = at(s.dialed, client) && at(s.cut, client) && at(s.toClient, client).length === 0
    if (!isOver) return undefined
    const own = at(s.own, client)
    return {
      ...s,
      dialed: put(s.dialed, client, false),
      own: put(s.own, client, ownOf(Client.loseServer(knowledgeOf(own)), own.known))
    }
  }),
  GiveUp: action([clients], (s: State, client) => {
    if (!mayStrike(c, s, "GiveUp") || !at(s.dialed, client)) return undefined
    const own = at(s.own, client)
    return {
      ...s,
      dialed: put(s.dialed, client, false),
      cut: put(s.cut, client, true),
      toClient: put(s.toClient, client, []),
      own: put(s.own, client, ownOf(Client.loseServer(knowledgeOf(own)), own.known)),
      faults: s.faults + 1
    }
  }),
  Reset: action([clients, integers(0, c.MaxKept), integers(0, c.MaxKept)], (s: State, client, i, j) => {
    const [there, back] = [at(s.toServer, client), at(s.toClient, client)]
    const fits = i <= there.length && j <= back.length
    return !mayStrike(c, s, "Reset") || at(s.cut, client) || !fits ? undefined : {
      ...s,
      cut: put(s.cut, client, true),
      toServer: put(s.toServer, client, there.slice(0, i)),
      toClient: put(s.toClient, client, back.slice(0, j)),
      faults: s.faults + 1
    }
  }),
  Kill: action(
    [clients],
    (s: State, client) =>
      !mayStrike(c, s, "Kill") || at(s.status, client) !== "up" ? undefined : {
        ...s,
        status: put(s.status, client, "down"),
        own: put(s.own, client, resting),
        dialed: put(s.dialed, client, false),
        cut: put(s.cut, client, true),
        toClient: put(s.toClient, client, []),
        faults: s.faults + 1
      }
  ),
  Restart: action(
    [clients],
    (s: State, client) => at(s.status, client) === "down" ? { ...s, status: put(s.status, client, "up") } : undefined
  )
})

const isSame = (one: Stamp, two: Stamp): boolean => one[0] === two[0]

const seenAt = (s: State, zxid: number, watch: number): Stamp =>
  zxid === 0 ? stampOf(initialTree, watchNames[watch]!) : s.history[zxid - 1]![watch]!

const propertiesOf = (clients: ReadonlyArray<number>) => ({
  always: {
    EphemeralsHaveSessions: (s: State) =>
      s.tree.flat().every(({ owner: [client, session] }) =>
        client === undefined || at(s.sessions, client).includes(session!)
      ),
    OneWriteSucceeds: (s: State) =>
      clients.every((one) =>
        clients.every((two) => one === two || at(s.won, one).every((version) => !at(s.won, two).includes(version)))
      ),
    WatchBeforeData: (s: State) =>
      s.own.every(({ registered, seen }) =>
        registered.every(([stamp], watch) => stamp === undefined || isSame(seenAt(s, seen, watch), stamp))
      )
  },
  alwaysStep: {
    WatchFiresAtMostOnce: (s: State, { action: name, args: [client] }: Label) => {
      if (name !== "Hear") return true
      const [told] = at(s.toClient, client as number)
      return told?._tag !== "Event" ||
        at(s.own, client as number).registered[watchNames.indexOf(told.watch as never)]!.length > 0
    },
    FailedDoesNothing: (s: State, _: Label, t: State) => {
      const fails = clients.some((client) => {
        const [before, after] = [at(s.toClient, client), at(t.toClient, client)]
        return after.length === before.length + 1 && after.at(-1)!._tag === "Failed"
      })
      return !fails || JSON.stringify(s.tree) === JSON.stringify(t.tree)
    },
    ZxidsAreOrdered: (s: State, _: Label, t: State) => {
      const isOneTransaction = t.history.length === s.history.length + 1 ||
        JSON.stringify(s.tree) === JSON.stringify(t.tree)
      return isOneTransaction && clients.every((client) => {
        const [before, after] = [at(s.own, client), at(t.own, client)]
        const same = before.session.length > 0 && before.session[0] === after.session[0]
        return !same || after.seen >= before.seen
      })
    }
  },
  sometimes: {
    MeetsItself: (s: State) =>
      clients.some((client) => {
        const [session] = at(s.own, client).session
        const [told] = at(s.toClient, client)
        const owner = s.tree[2]![0]?.owner
        return session !== undefined && at(s.won, client).length === 0 && told?._tag === "Failed" &&
          told.code === "NodeExists" && owner?.[0] === client && owner[1] === session
      }),
    ToldLate: (s: State) => s.toClient.some((queue) => queue.some(({ _tag }, i) => _tag === "WatchesSet" && i > 0)),
    Expires: (s: State) => s.toClient.some((queue) => queue.some(({ _tag }) => _tag === "Expired"))
  }
})

/** The machine of the module under a choice of its constants. */
export const zooKeeper = (c: Constants): Machine<State> => {
  const clients = upTo(c.Clients)
  return {
    name: "ZooKeeper",
    constants: { ...c },
    variables: variablesOf(c),
    initial: [initialOf(c)],
    actions: { ...serverActions(c, clients), ...clientActions(c, clients) },
    ...propertiesOf(clients),
    reachableFromAll: {}
  }
}
