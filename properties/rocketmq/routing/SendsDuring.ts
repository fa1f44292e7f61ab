/** A producer with two masters that sends while one of them is dead or frozen: for a property, and for whoever breaks nodes. */
import { drive } from "../../../src/simulate/routing/RoutingCluster.ts"
import type { Fault } from "../../../src/world/simulated/WorldEvent.ts"

const guards = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
const cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 1, clients: 1 }
/** So many sends. */
export const sends = 20

/** One send after the other, from the moment of a fault on, which is within a poll of the last one. */
export const sendsDuring = (fault: Fault, seed: number, avoidsFaulty = false) =>
  drive(
    { ...cast, workload: { selection: { _tag: "InTurn", avoidsFaulty }, resends: 0 } },
    guards,
    seed,
    ({ fire, send, state, world }) => {
      while (world.nowMicros < 65_000_000) fire(world.enabled()[0]!)
      const known = state().cache[0]![0]?.addrs.join()
      if (known !== "1,2") throw new Error(`the client knows ${known ?? "nobody"}`)
      // A send to each master opens the channels, so that what is sent to a frozen one is on its way to it.
      send(1)
      send(1)
      while (world.nowMicros < 66_000_000) fire(world.enabled()[0]!)
      fire(fault)
      for (let count = 0; count < sends; count++) send(1)
      const end = world.nowMicros + 60_000_000
      while (world.nowMicros < end) fire(world.enabled().find((event) => event._tag !== "Start")!)
      if (fault._tag !== "Pause") return
      fire({ _tag: "Resume", process: fault.process })
      while (world.nowMicros < end + 1_000_000) fire(world.enabled()[0]!)
    }
  )

/** Seconds from the kill of a key's master until a send of that key is acknowledged again: the gap in writes of R10. */
export const gapSeconds = (seed: number, isCloseDetected: boolean): number => {
  const selection = { _tag: "ByKey", hash: 0, isOrderStatic: false } as const
  let killed = 0
  const { operations } = drive(
    { ...cast, workload: { selection, resends: 0 } },
    { ...guards, ChannelCloseDetected: isCloseDetected },
    seed,
    ({ fire, send, world }) => {
      const until = (micros: number) => {
        while (world.nowMicros < micros) fire(world.enabled().find((event) => event._tag !== "Start")!)
      }
      until(65_000_000 + seed * 1_700_000)
      killed = world.nowMicros * 1000
      fire({ _tag: "Kill", process: "broker-1" })
      for (let second = 1; second <= 200; second++) {
        send(1)
        until(killed / 1000 + second * 1_000_000)
      }
    }
  )
  const again = operations.find(({ f, time, type }) => f === "send" && type === "ok" && time > killed)
  return again === undefined ? Infinity : (again.time - killed) / 1e9
}
