/**
 * The nodes and their world as a state of the model ProducerRouting: one producer, one reader, masters with a queue each,
 * and a NameServer. Total by type: a variable without a source does not compile.
 */
import type { ProducerState } from "../models/ProducerRouting.ts"
import type { NameServerCell } from "../nodes/NameServer.ts"
import type { ProducerCell } from "../nodes/Producer.ts"
import type { QueueCell } from "../nodes/QueueServer.ts"
import type { ClientCell } from "../nodes/RouteClient.ts"
import { brokerName, clientName, sendPort, type SendRequest, type SendResponse } from "../nodes/RoutingMessages.ts"
import { type Deployment, isMaster, masterOf, upTo } from "../rules/Deployment.ts"
import { lap } from "../rules/QueueSelection.ts"
import { publishable } from "../rules/RouteCache.ts"

/** What a projection reads. */
export interface ProducerProjected {
  readonly deployment: Deployment
  readonly client: number
  readonly statusOf: (process: string) => "up" | "frozen" | "dead"
  readonly wire: (end: { readonly dialer: string; readonly listener: string; readonly port: string }) =>
    | { readonly toDialer: ReadonlyArray<unknown>; readonly toListener: ReadonlyArray<unknown> }
    | undefined
  readonly server: NameServerCell
  readonly clientCell: ClientCell
  readonly producerCell: ProducerCell
  readonly queueCells: ReadonlyMap<number, QueueCell>
  /** What the clients' ledgers say, whether the send under way met a frozen master, how many faults there were. */
  readonly ledger: {
    readonly begun: number
    readonly late: boolean
    readonly acked: ReadonlyArray<number>
    readonly delivered: ReadonlyArray<readonly [master: number, value: number]>
    readonly faults: number
  }
}

export const projectProducerRouting = (world: ProducerProjected): ProducerState => {
  const { deployment, ledger } = world
  const masters = upTo(deployment.masters)
  const { again, index, sending } = world.producerCell
  const statuses = masters.map((m) => world.statusOf(brokerName(m)))
  const phaseOf = ({ hasAddress, request }: NonNullable<typeof sending>) =>
    !hasAddress ? "unaddressed" : request === undefined ? "dialing" : "asked"
  const wire = (m: number) => world.wire({ dialer: clientName(world.client), listener: brokerName(m), port: sendPort })
  const answers = masters.flatMap((m) => (wire(m)?.toDialer ?? []) as ReadonlyArray<SendResponse>)
  return {
    status: statuses,
    route: world.server.state.addrs.filter((address) => isMaster(deployment, address)),
    cache: world.clientCell.routes.cache.flatMap((route) => publishable(deployment, route)).map(masterOf),
    index: index % lap(deployment.masters),
    next: ledger.begun + 1,
    again,
    sending: sending === undefined
      ? []
      : [{ value: sending.value, to: sending.to, tries: sending.tries, phase: phaseOf(sending) }],
    late: ledger.late,
    faulty: [],
    asked: masters.map((m) => ((wire(m)?.toListener ?? []) as ReadonlyArray<SendRequest>).map(({ value }) => value)),
    owed: masters.map((m, i) => statuses[i] === "dead" ? [] : world.queueCells.get(m)!.owed),
    // Whoever no longer waits does not get the answer: it is known by its number.
    told: answers.some(({ request }) => request === sending?.request) ? [sending!.value] : [],
    stored: masters.map((m) => world.queueCells.get(m)!.values),
    consumed: masters.map((m) => ledger.delivered.filter(([master]) => master === m).length),
    acked: [...ledger.acked].sort((a, b) => a - b),
    delivered: ledger.delivered.map(([, value]) => value),
    faults: ledger.faults
  }
}
