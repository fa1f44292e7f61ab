/**
 * The thread of controller events of a broker as a program, and what sends a controller's orders.
 *
 *     link ── reply, event ──▶ thread ── question ──▶ link        one question at a time
 *     operator ── event ─────▶        ── order ─────▶ a queue and a connection a broker
 *     leader ──── Alter ─────▶        ── verdict ───▶ leader
 *
 * The decision: an order is sent again until it is answered or the controller gave it up, one at a time to each broker; a
 * connection on which an order was given up is left, since its broker may be another machine by then.
 *
 * Authority: ControllerEventManager, KafkaController.process, RequestSendThread (retry every 100 ms),
 * ControllerChannelManager.removeBroker, KafkaZkClient (3.9).
 */
import { Effect } from "effect"
import { type Connection, Network } from "../../world/Network.ts"
import { judge } from "../rules/AlterPartition.ts"
import { at, change } from "../rules/Cluster.ts"
import { hear } from "../rules/ControllerThread.ts"
import { begin, type ControllerEvent, proceed } from "../rules/ControllerTurn.ts"
import type { Verdict, ZkReply } from "../rules/CoordinationMessages.ts"
import { type BrokerMemory, carryOut } from "./BrokerMemory.ts"
import { Coordination } from "./Coordination.ts"
import {
  type AlterMessage,
  alterPort,
  brokerName,
  numberIn,
  type OrderMessage,
  ordersPort
} from "./ElectionMessages.ts"

/** Hears from the coordinator, link after link. */
const listening = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const coordination = yield* Coordination
    const { broker, cell, member, process } = memory
    const hears = (reply: ZkReply): void => {
      const isHeldBack = reply._tag === "Event" && cell.own.phase !== "idle"
      carryOut(memory, hear(member, cell.own, reply), !isHeldBack)
      if (reply._tag === "Expired") memory.link?.ask({ _tag: "Connect", session: [] })
      process.did("Hear", broker)
    }
    while (true) {
      const link = yield* coordination.link
      memory.link = link
      cell.linked = true
      cell.own = { ...cell.own, connecting: true }
      link.ask({ _tag: "Connect", session: cell.own.session })
      process.did("Reconnect", broker)
      yield* Effect.forever(Effect.map(link.hear, hears)).pipe(
        Effect.catchTag("ConnectionClosed", () =>
          Effect.sync(() => {
            memory.link = undefined
            cell.linked = false
            process.did("Disconnect", broker)
          }))
      )
    }
  })

/** Reports what the controller was asked for, as the model's action has it. */
const didAsked = ({ broker, process }: BrokerMemory, event: ControllerEvent): void => {
  switch (event._tag) {
    case "TopicChange":
      return process.did("CreatePartition", broker, event.partition)
    case "PreferredElection":
      return process.did("PreferLeader", broker, event.partition)
    case "ControlledShutdown":
      return process.did("ShutDown", broker, event.broker)
    case "ControllerChange":
    case "BrokerChange":
      return
  }
}

/** Deals with what operators and clients want, when it is the controller and has nothing else to do. */
const serving = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const { cell, member, process, taken, wanted } = memory
    const isFree = () => cell.own.active && cell.own.phase === "idle" && wanted() !== undefined
    while (true) {
      yield* process.until("operator", isFree)
      const event = wanted()
      if (!isFree() || event === undefined) continue
      taken()
      carryOut(memory, { own: begin(member, cell.own, event), verdict: [] }, cell.linked && !cell.own.connecting)
      didAsked(memory, event)
    }
  })

/** The last thing that a broker does which ends cleanly (KafkaServer.shutdown, KafkaZkClient.close); then it is ended. */
const stopping = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const { broker, cell, process, stops } = memory
    yield* process.until("stop", () => stops() && cell.linked && !cell.own.connecting && cell.own.session.length > 0)
    memory.link?.ask({ _tag: "Close" })
    process.did("Terminate", broker)
  })

const judging = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const { broker, cell, guards, member, process } = memory
    const network = yield* Network
    const decide = (leader: number, connection: Connection, request: AlterMessage): void => {
      const code = judge(guards, cell.own, leader, request)
      if (code === "Write") {
        const { isr, partition } = request
        memory.judging.set(leader, connection)
        const own = { ...cell.own, judging: [leader], todo: [{ _tag: "Alter" as const, partition, isr }] }
        carryOut(memory, { own: proceed(member, own), verdict: [] }, cell.linked && !cell.own.connecting)
      } else if (code === "Same") {
        const state = at(cell.own.states, request.partition)[0]!
        const version = Math.max(request.version, state.version)
        connection.send({ _tag: "Altered", state: { ...state, version } } satisfies Verdict)
      } else connection.send({ _tag: "Refused", code } satisfies Verdict)
      process.did("Judge", broker, leader)
    }
    const serve = (connection: Connection) =>
      Effect.forever(Effect.gen(function*() {
        const message = (yield* connection.receive) as AlterMessage
        const leader = numberIn(connection.peer)
        yield* process.until(`judge ${leader}`, () => !cell.own.active || cell.own.phase === "idle")
        decide(leader, connection, message)
      })).pipe(Effect.catchTag("ConnectionClosed", () => Effect.void))
    const listener = yield* network.listen(alterPort)
    while (true) yield* Effect.forkScoped(serve(yield* listener.accept), { startImmediately: true })
  })

/** Sends the orders for one broker. */
const sending = (memory: BrokerMemory, to: number) =>
  Effect.gen(function*() {
    const { broker, cell, process, times } = memory
    const network = yield* Network
    const next = () => at(cell.own.queues, to)[0]
    let open: Connection | undefined
    while (true) {
      yield* process.until(`order to ${to}`, () => next() !== undefined)
      const connection = open ?? (yield* network.connect(brokerName(to), ordersPort))
      open = connection
      const order = next()
      if (order === undefined) continue
      connection.send({ _tag: "Order", order } satisfies OrderMessage)
      process.did("Dial", broker, to)
      const givenUp = Effect.as(process.until(`give up order to ${to}`, () => next() !== order), "given up" as const)
      const answer = yield* Effect.raceFirst(Effect.option(connection.receive), givenUp)
      if (answer === "given up") {
        connection.close()
        open = undefined
        continue
      }
      if (answer._tag === "None") {
        open = undefined
        yield* Effect.sleep(times.retryMillis)
        continue
      }
      if (next() !== order) continue
      cell.own = { ...cell.own, queues: change(cell.own.queues, to, (queue) => queue.slice(1)) }
      process.did("Answered", broker, to)
    }
  })

/** The controller's part of a broker: it runs in every broker, and one of them is the controller. */
export const controller = (memory: BrokerMemory) =>
  Effect.all([
    listening(memory),
    serving(memory),
    judging(memory),
    stopping(memory),
    ...memory.cluster.brokers.map((to) => sending(memory, to))
  ], { concurrency: "unbounded" })
