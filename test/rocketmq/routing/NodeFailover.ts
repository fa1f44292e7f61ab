/** A failover of our nodes under what was done to the real clusters: moments as `Failover.ts` has them. */
import { drive } from "../../../src/simulate/routing/RoutingCluster.ts"
import type { Failover } from "./Failover.ts"

const guards = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
const cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 1, clients: 1 }
/** Longer than an expiry, a scan and a poll. */
const longestMillis = 400_000

/**
 * A master that is killed or frozen; moments in milliseconds since the event, put at the start of a unit. Throws where the
 * client does not know both masters before.
 */
export const nodeFailover = (how: Failover["how"], seed: number): Failover => {
  let failover: Failover = { how, stopped: 0 }
  drive(cast, guards, seed, ({ fire, state, world }) => {
    // Long enough for the client to know both masters, and another while for every seed.
    const settled = 45_000_000 + seed * 3_700_000 % 30_000_000
    while (world.nowMicros < settled) fire(world.enabled()[0]!)
    const known = state().cache[0]![0]?.addrs.join()
    if (known !== "1,2") throw new Error(`the client knows ${known ?? "nobody"}`)
    const stopped = world.nowMicros
    // The killed broker stays away: its start is left waiting.
    fire(how === "Kill" ? { _tag: "Kill", process: "broker-1" } : { _tag: "Pause", process: "broker-1" })
    const at = () => Math.floor((world.nowMicros - stopped) / 1000)
    while (failover.cacheLost === undefined && at() < longestMillis) {
      fire(world.enabled().find((event) => event._tag !== "Start")!)
      if (failover.routeLost === undefined && !state().addrs[0]!.includes(1)) {
        failover = { ...failover, routeLost: at() }
      }
      if (!state().cache[0]![0]!.addrs.includes(1)) failover = { ...failover, cacheLost: at() }
    }
  })
  return failover
}

/**
 * When a route may lose such a master, milliseconds: 120 s after a registration that is at most 30 s old, found by a scan
 * every 10 s; a killed one is seen to close.
 */
export const boundsMillis = (how: Failover["how"]): readonly [least: number, most: number] =>
  how === "Kill" ? [0, 2_000] : [90_000, 131_000]
