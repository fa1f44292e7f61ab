/**
 * How long after a kill a real ZooKeeper ended the broker's session (test/real, failover-traces), beside the timed model
 * and the nodes.
 */
import { describe, expect, it } from "vitest"
import {
  endedWithoutFault,
  livesAfterKill,
  livesOf,
  pingsTooEarly
} from "../../../properties/kafka/zookeeper/SessionLives.ts"
import { times } from "../../../properties/kafka/zookeeper/ZooKeeperRun.ts"
import { accepts, type Observation, recordingOf } from "../../../src/conform/Accepts.ts"
import {
  type SessionConstants,
  type SessionState,
  zooKeeperSessionsTimed
} from "../../../src/kafka/models/ZooKeeperSessionsTimed.ts"
import { type Line, linesOf } from "./RealTraces.ts"

interface Kill {
  readonly name: string
  readonly unitMillis: number
  readonly constants: SessionConstants
  readonly afterMillis: number
}

const common = {
  RoundsUp: true,
  MessageExtends: true,
  Clients: 1,
  Delay: 1,
  MaxFaults: 1,
  FaultKinds: ["Kill"]
} as const
/** tickTime 500 ms, timeout 2 s, a ping every 667 ms, in units of 167 ms. */
const short: Pick<Kill, "constants" | "unitMillis"> = {
  unitMillis: 500 / 3,
  constants: { ...common, TickTime: 3, Timeout: 12, Ping: 4 }
}
/** tickTime 2 s, timeout 18 s, a ping every 6 s, in units of 2 s. */
const long: Pick<Kill, "constants" | "unitMillis"> = {
  unitMillis: 2_000,
  constants: { ...common, TickTime: 1, Timeout: 9, Ping: 3 }
}

/** From each `kill -9` to what ended the session: the end in the log, or the broker that was missing. */
const killsIn = (name: string, of: Pick<Kill, "constants" | "unitMillis">): ReadonlyArray<Kill> => {
  const lines = linesOf(name)
  const isKill = ({ event, signal }: Line) => signal === "KILL" || event.startsWith("SIGKILL")
  const isEnd = ({ children, event }: Line) => event === "closeSession" || children?.length === 2
  return lines.filter(isKill).map((kill) => ({
    name: `${name} at ${kill.t_ms} ms`,
    ...of,
    afterMillis: lines.find((line) => line.t_ms > kill.t_ms && isEnd(line))!.t_ms - kill.t_ms
  }))
}
const kills = [
  ...killsIn("zookeeper-txns-A", short),
  ...killsIn("kafka-zk-kill9-controller-2s", short),
  ...killsIn("kafka-zk-kill9-noncontroller-18s", long)
]

/** Whether the timed model can end a session that long after a kill, at some moment between pings and boundaries. */
const isPossible = ({ afterMillis, constants, unitMillis }: Kill): boolean => {
  const machine = zooKeeperSessionsTimed(constants)
  const tick = (what: string): Observation<SessionState> => ({
    _tag: "Step",
    what,
    is: ({ action }) => action === "Tick"
  })
  const ticks = (count: number, what: string) => Array.from({ length: count }, (_, i) => tick(`${what} ${i + 1}`))
  const step = (action: string): Observation<SessionState> => ({
    _tag: "Step",
    what: action,
    is: (label) => label.action === action
  })
  return Array.from({ length: constants.TickTime * constants.Ping + 1 }, (_, before) => before).some((before) => {
    const trace = [
      ...ticks(before, "before"),
      step("Kill"),
      ...ticks(Math.floor(afterMillis / unitMillis), "after"),
      step("Expire")
    ]
    const hidden = ({ action }: { readonly action: string }) => action === "Beat" || action === "Touch"
    return accepts(machine, recordingOf(trace), { hidden, mostHidden: 4 })._tag === "Accepted"
  })
}

describe("the session of a broker that was killed", () => {
  it.each(kills)("ended when the timed model can end it: $name, after $afterMillis ms", (kill) => {
    expect(isPossible(kill)).toBe(true)
  })

  it("was recorded four times, and would not have ended much earlier or later", () => {
    expect(kills).toHaveLength(4)
    for (const kill of kills) {
      const { tickMillis, timeoutMillis } = {
        tickMillis: kill.constants.TickTime * kill.unitMillis,
        timeoutMillis: kill.constants.Timeout * kill.unitMillis
      }
      // A kill comes up to one ping after the server last heard of the client; a message is on its way for one unit.
      const ping = kill.constants.Ping * kill.unitMillis
      expect(isPossible({ ...kill, afterMillis: timeoutMillis - ping - 2 * kill.unitMillis })).toBe(false)
      expect(isPossible({ ...kill, afterMillis: timeoutMillis + tickMillis + 2 * kill.unitMillis })).toBe(false)
    }
  })

  it("ends on the nodes between its timeout and one tick more after the server last heard of it", () => {
    const lives = Array.from({ length: 40 }, (_, seed) => livesAfterKill(seed)).flat()
    expect(lives.length).toBeGreaterThanOrEqual(40)
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(times.timeoutMillis)
    expect(Math.max(...lives)).toBeLessThanOrEqual(times.timeoutMillis + times.tickMillis)
    // Both ends of the range are met, or the range would say little.
    expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(times.tickMillis / 2)
  })

  it("ends after the timeout that its client asked for", () => {
    const asked = 3 * times.timeoutMillis
    const lives = [1, 2, 3, 4].flatMap((seed) => livesOf(asked, seed))
    expect(lives).toHaveLength(4)
    expect(lives.filter((life) => life < asked || life > asked + times.tickMillis)).toEqual([])
  })

  it("does not end on the nodes while its client says that it is there", () => {
    expect([1, 2, 3].flatMap(endedWithoutFault)).toEqual([])
    // It says so in a session only (ClientCnxn.SendThread.run, state.isConnected).
    expect([1, 2, 3].some(pingsTooEarly)).toBe(false)
  })
})
