/**
 * What nodes of routing do because somebody wants it, and what they do not do while nobody does, or while they cannot: each
 * answers with what is wrong, if anything is.
 */
import type { Operation } from "../../../src/history/Operation.ts"
import { seeded } from "../../../src/replay/Choose.ts"
import { brokerName, nameServerName, pullPort } from "../../../src/rocketmq/nodes/RoutingMessages.ts"
import { settledSeconds, wait } from "../../../src/simulate/routing/ProducerRuns.ts"
import { type Cast, type Deployed, drive, type Workload } from "../../../src/simulate/routing/RoutingCluster.ts"

const guards = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
const inTurn: Workload = { selection: { _tag: "InTurn", avoidsFaulty: false }, resends: 1 }
const byKey: Workload = { selection: { _tag: "ByKey", hash: 0, isOrderStatic: true }, resends: 0, pullMillis: 1_000 }
const oneMaster = (workload: Workload): Cast => ({
  deployment: { masters: 1, slaves: 1 },
  nameServers: 1,
  clients: 1,
  workload
})

const tries = (operations: ReadonlyArray<Operation>): number =>
  operations.filter(({ f, type }) => f === "send" && type === "invoke").length

/** TopicConfigManager, RouteInfoManager.wipeWritePermOfBrokerByLock: what an administrator wants happens once, and lasts. */
export const administered = (seed: number): string | undefined => {
  const counted = (act: (deployed: Deployed) => void): string => {
    const { labels } = drive(oneMaster(inTurn), guards, seed, (deployed) => {
      wait(deployed, settledSeconds)
      act(deployed)
      wait(deployed, settledSeconds)
    })
    const wishes = ["Configure", "WipeWritePerm", "AddWritePerm"]
    return wishes.map((wish) => labels.filter(({ action }) => action === wish).length).join()
  }
  const idle = counted(() => {})
  if (idle !== "0,0,0") return `without a wish: ${idle}`
  const wished = counted((deployed) => {
    const { fire, want, wantVersion } = deployed
    wantVersion(1)
    want(1, 1, false)
    wait(deployed, 10)
    want(1, 1, true)
    // The model says what a broker that starts again registers with.
    fire({ _tag: "Kill", process: brokerName(1) })
    wait(deployed, settledSeconds)
    fire({ _tag: "Start", process: brokerName(1) })
  })
  return wished === "1,1,1" ? undefined : `with one wish of each kind: ${wished}`
}

/** A client without a route sends nothing and pulls nothing, also where a configured order names its queue. */
export const withoutRoute = (seed: number): string | undefined => {
  let pulls = 0
  const { operations, sends } = drive(oneMaster(byKey), guards, seed, (deployed) => {
    const { fire, send, world } = deployed
    fire({ _tag: "Kill", process: nameServerName(1) })
    send(1)
    for (let second = 0; second < settledSeconds; second++) {
      wait(deployed, 1)
      const ends = world.network.connections().filter(({ port }) => port === pullPort)
      pulls += ends.filter((end) => world.network.inspect(end)!.toListener.length > 0).length
    }
  })
  const sent = tries(operations)
  // It waits: a send that never began has not failed either.
  const isWaiting = sent === 0 && sends.length === 0 && pulls === 0
  return isWaiting ? undefined : `without a route: ${sent} sends, ${sends.length} ended, ${pulls} pulls`
}

/**
 * A producer goes on to another try only while there is a queue: its only master hangs with a send, the permission to write
 * goes, the client hears of it or not, and the master dies.
 */
export const nowhereToSend = (seed: number): string | undefined => {
  const choose = seeded(seed)
  const isKilled = choose(2) === 0
  let without = false
  const { operations } = drive(oneMaster(inTurn), guards, seed, (deployed) => {
    const { fire, labels, send, state, want, world } = deployed
    const until = (wanted: string): void => {
      const told = labels.length
      while (!labels.slice(told).some(({ action }) => action === wanted)) fire(world.enabled()[0]!)
    }
    wait(deployed, settledSeconds + choose(30))
    send(1)
    want(1, 1, false)
    until("WipeWritePerm")
    // The NameServer answers while a send hangs.
    until("Poll")
    fire({ _tag: "Pause", process: nameServerName(1) })
    fire({ _tag: "Pause", process: brokerName(1) })
    send(1)
    wait(deployed, 0.5)
    fire({ _tag: "Resume", process: nameServerName(1) })
    until("Learn")
    if (isKilled) fire({ _tag: "Kill", process: brokerName(1) })
    wait(deployed, settledSeconds)
    without = state().cache[0]![0]!.queues[0]![0]?.writable !== true
    send(1)
    wait(deployed, settledSeconds)
  })
  const named = operations.flatMap((operation) =>
    operation.f === "send" && "value" in operation ? (operation.value as ReadonlyArray<ReadonlyArray<unknown>>) : []
  )
  if (!without) return "the client did not hear of the permission that is gone"
  if (named.some(([, name]) => name !== 1)) return "a try went nowhere"
  const values = new Set(named.map(([, , value]) => Array.isArray(value) ? value[1] as unknown : value))
  return values.has(3) ? "a value was sent without the permission" : undefined
}
