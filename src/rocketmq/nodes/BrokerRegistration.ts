/**
 * A broker's registration with every NameServer: a fiber a NameServer, each with a heartbeat and a connection of its own.
 *
 * The decision: a NameServer that cannot be reached delays none of the others, and is tried again with the next
 * heartbeat, which is what bounds how long a broker stays out of a route it was taken from by mistake (R12).
 *
 * Authority: BrokerController.start (first after 10 s in the real one, at once and then every registerNameServerPeriod
 * here as BrokerController.start also registers once by itself), registerBrokerAll, BrokerOuterAPI.registerBrokerAll;
 * TopicConfigManager for the DataVersion, which is on the broker's disk. RocketMQ 4.9.7.
 */
import { Clock, Effect } from "effect"
import { Disk, type Operations } from "../../world/Disk.ts"
import { type Connection, Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import { upTo } from "../rules/Deployment.ts"
import type { Register } from "../rules/RouteTables.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import { brokerPort, nameServerName } from "./RoutingMessages.ts"

/** registerNameServerPeriod. */
export const registerMillis = 30_000

/** A broker's memory, which a projection reads: to which NameServers its end of the connection is open. */
export interface BrokerCell {
  version: number
  readonly dialed: Array<boolean>
  /** To which NameServers it tries to connect, and when it registers next: milliseconds of a clock that never jumps. */
  readonly dialing: Array<boolean>
  readonly nextMillis: Array<number>
}

/** The version of a configuration that was never changed. */
const firstVersion = 1

/** When a broker registers next before it has begun to, which it does as it starts. */
const unknownMillis = 0

export const brokerCell = (nameServers: number): BrokerCell => {
  const nobody = upTo(nameServers).map(() => false)
  return {
    version: firstVersion,
    dialed: [...nobody],
    dialing: [...nobody],
    nextMillis: upTo(nameServers).map(() => unknownMillis)
  }
}

export interface BrokerOptions {
  readonly address: number
  readonly nameServers: number
  readonly registerMillis: number
  readonly cell: BrokerCell
  /** The version of the topic configuration that an administrator wants. */
  readonly wantedVersion: () => number
}

const path = "/topics"

/** The version is one byte: rewriting it is one write, which is whole or not there. */
const readVersion = (disk: Operations): number => {
  const file = disk.open(path, "either")
  const [version] = file.read(0, file.size())
  file.close()
  return version ?? firstVersion
}
const writeVersion = (disk: Operations, version: number): void => {
  const file = disk.open(path, "either")
  file.write(0, Uint8Array.of(version))
  file.close()
}

export const brokerRegistration = (options: BrokerOptions) =>
  Effect.gen(function*() {
    const { address, cell, nameServers } = options
    const network = yield* Network
    const process = yield* Process
    const clock = yield* Clock.Clock
    const disk = yield* Disk
    cell.version = readVersion(disk)
    const connections = new Map<number, Connection>()
    const registration = (): Register => ({ _tag: "Register", version: cell.version })

    const watch = (number: number, connection: Connection) =>
      Effect.forever(connection.receive).pipe(
        Effect.catchTag("ConnectionClosed", () =>
          Effect.sync(() => {
            connections.delete(number)
            cell.dialed[number - 1] = false
            process.did("Notice", address, number)
          }))
      )
    const register = (number: number, isFirst: boolean) =>
      Effect.gen(function*() {
        const open = connections.get(number)
        if (open !== undefined) {
          open.send(registration())
          return process.did("Heartbeat", address, number)
        }
        cell.dialing[number - 1] = true
        if (!isFirst) process.did("Dial", address, number)
        const made = yield* Effect.option(network.tryConnect(nameServerName(number), brokerPort))
        cell.dialing[number - 1] = false
        if (made._tag === "None") return process.did("DialFails", address, number)
        connections.set(number, made.value)
        cell.dialed[number - 1] = true
        made.value.send(registration())
        process.did("Connect", address, number)
        yield* Effect.forkScoped(watch(number, made.value), { startImmediately: true })
      })
    const nowMillis = () => monotonicMillis(clock)
    // The period is that of the beginnings, however long an attempt to connect takes.
    const beating = (number: number) =>
      Effect.gen(function*() {
        for (let isFirst = true;; isFirst = false) {
          const next = nowMillis() + options.registerMillis
          cell.nextMillis[number - 1] = next
          yield* register(number, isFirst)
          yield* Effect.sleep(next - nowMillis())
        }
      })

    const configure = Effect.gen(function*() {
      while (true) {
        yield* process.until("configure", () => options.wantedVersion() > cell.version)
        cell.version++
        writeVersion(disk, cell.version)
        process.did("Configure", address)
      }
    })
    yield* Effect.all([configure, ...upTo(nameServers).map(beating)], { concurrency: "unbounded" })
  })
