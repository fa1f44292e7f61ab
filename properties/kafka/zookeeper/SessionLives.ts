/**
 * How long sessions live on the nodes: one whose client is there for ever, one whose client was killed until the bucket of
 * what the server heard last.
 *
 * Authority: ClientCnxn.SendThread.run (pings keep a session), SessionTrackerImpl.run of ZooKeeper 3.8.
 */
import { isPing, zooKeeperName } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { type Command, drive, endOf, guarded, nameOf, play, times } from "./ZooKeeperRun.ts"

/** Long enough for every client to be in its session. */
const settled = { _tag: "Due", count: 60 } as const
/** Many timeouts, in which a client does nothing but to say that it is there. */
const idle = { _tag: "Due", count: 400 } as const
const ends = new Set(["Expire", "GiveUp", "LoseServer", "LoseClient"])

/** How long after what the server heard of it last each session ended, milliseconds, where clients are killed. */
export const livesAfterKill = (seed: number): ReadonlyArray<number> => {
  const commands: ReadonlyArray<Command> = [
    { _tag: "Due", count: 60 + 3 * seed },
    { _tag: "Kill", pick: Math.min(seed * 1_600, 0xffff) }
  ]
  return play(guarded, seed + 1, commands).expiries.map(({ ended, lastHeard }) => ended - lastHeard)
}

/** The same of a client that asked for this timeout, and not for the one of the others. */
export const livesOf = (timeoutMillis: number, seed: number): ReadonlyArray<number> =>
  drive(
    { clients: 1, guards: guarded, seed, judge: [], timeoutOf: () => timeoutMillis },
    ({ fire, nowMillis, world }) => {
      for (let events = 0; events < settled.count; events++) fire(world.enabled()[0]!)
      const killed = nowMillis()
      fire({ _tag: "Kill", process: nameOf(1) })
      while (nowMillis() < killed + timeoutMillis + 2 * times.tickMillis) fire(world.enabled()[0]!)
    }
  ).expiries.map(({ ended, lastHeard }) => ended - lastHeard)

/** What ended a session or a connection while nothing failed. */
export const endedWithoutFault = (seed: number): ReadonlyArray<string> =>
  play(guarded, seed, [settled, idle]).labels.map(({ action }) => action).filter((action) => ends.has(action))

/** Whether a client says that it is there before it is in a session: the server is frozen and answers nothing. */
export const pingsTooEarly = (seed: number): boolean => {
  let isEarly = false
  drive({ clients: 1, guards: guarded, seed, judge: [] }, ({ fire, nowMillis, world }) => {
    const sent = () => world.network.inspect(endOf(1))?.toListener ?? []
    while (sent().length === 0) fire(world.enabled()[0]!)
    fire({ _tag: "Pause", process: zooKeeperName })
    while (nowMillis() < 2 * times.timeoutMillis) {
      fire(world.enabled()[0]!)
      isEarly ||= sent().some(isPing)
    }
  })
  return isEarly
}

/** What is wrong about the lives of sessions in a run of this seed, if anything is. */
export const endedWrongly = (seed: number): string | undefined => {
  const [end] = endedWithoutFault(seed)
  if (end !== undefined) return `${end} while nothing failed`
  if (pingsTooEarly(seed)) return "a client is there before it is in a session"
  const longer = 2 * times.timeoutMillis
  const all = [[times.timeoutMillis, livesAfterKill(seed)], [longer, livesOf(longer, seed)]] as const
  if (all.some(([, lives]) => lives.length === 0)) return "the session of a client that was killed did not end"
  const wrong =
    all.flatMap(([timeout, lives]) => lives.filter((life) => life < timeout || life > timeout + times.tickMillis))[0]
  return wrong === undefined ? undefined : `a session ended after ${wrong} ms`
}
