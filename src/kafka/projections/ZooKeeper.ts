/**
 * The nodes and their world as a state of the model ZooKeeper. Total by type: a variable without a source does not
 * compile. What a process does not have while it is down is what it starts with; pings are no part of the model.
 */
import type { State } from "../models/ZooKeeper.ts"
import { toldOf } from "../models/ZooKeeper.ts"
import { fromTree, ownOf, type Request, resting, type Stamp } from "../models/ZooKeeperState.ts"
import type { ZooKeeperCell } from "../nodes/ZooKeeper.ts"
import { isPing } from "../nodes/ZooKeeperMessages.ts"
import type { SessionCell } from "../nodes/ZooKeeperSession.ts"
import { upTo } from "../rules/Cluster.ts"
import type { Asked } from "../rules/ZooKeeperRequests.ts"

/** A connection as the network has it. */
interface Wire {
  readonly cut: boolean
  readonly toDialer: ReadonlyArray<unknown>
  readonly toListener: ReadonlyArray<unknown>
}

/** What a projection reads; clients count from 1. */
export interface Projected {
  readonly clients: number
  readonly server: ZooKeeperCell<number>
  readonly isUp: (client: number) => boolean
  readonly wire: (client: number) => Wire | undefined
  readonly cell: (client: number) => SessionCell<Asked>
  /** The version of the counter that the client's process knows. */
  readonly known: (client: number) => number
  /** The ledger of who watches: what each watch saw after each transaction. */
  readonly history: ReadonlyArray<ReadonlyArray<Stamp>>
  /** The clients' ledger, ascending: versions of conditional writes that they were told went through. */
  readonly won: (client: number) => ReadonlyArray<number>
  readonly asked: number
  readonly faults: number
}

const messages = <M>(queue: ReadonlyArray<unknown> | undefined): ReadonlyArray<M> =>
  (queue ?? []).filter((message) => !isPing(message)) as ReadonlyArray<M>

export const projectZooKeeper = (world: Projected): State => {
  const clients = upTo(world.clients)
  const { clients: sides, tree } = world.server.server
  return {
    tree: fromTree(tree),
    history: world.history,
    sessions: sides.map(({ sessions }) => sessions),
    opened: sides.map(({ opened }) => opened),
    attached: sides.map(({ attached }) => attached),
    watches: sides.map(({ watches }) => watches),
    held: sides.map(({ held }) => held),
    accepted: sides.map(({ accepted }) => accepted),
    dialed: clients.map((client) => world.isUp(client) && world.cell(client).dialed),
    cut: clients.map((client) => world.wire(client)?.cut ?? true),
    toServer: clients.map((client) => messages<Request>(world.wire(client)?.toListener)),
    toClient: clients.map((client) => messages<Parameters<typeof toldOf>[0]>(world.wire(client)?.toDialer).map(toldOf)),
    status: clients.map((client) => world.isUp(client) ? "up" : "down"),
    own: clients.map((client) => world.isUp(client) ? ownOf(world.cell(client).own, world.known(client)) : resting),
    won: clients.map(world.won),
    asked: world.asked,
    faults: world.faults
  }
}
