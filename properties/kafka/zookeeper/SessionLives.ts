/**
 * How long sessions live on the nodes: one whose client is there for ever, one whose client was killed until the bucket of
 * what the server heard last.
 *
 * Authority: ClientCnxn.SendThread.run (pings keep a session), SessionTrackerImpl.run of ZooKeeper 3.8.
 */
import { isPing, zooKeeperName } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { type Command, drive, endOf, guarded, play, times } from "./ZooKeeperRun.ts"

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
  const lives = livesAfterKill(seed)
  if (lives.length === 0) return "the session of a client that was killed did not end"
  const wrong = lives.find((life) => life < times.timeoutMillis || life > times.timeoutMillis + times.tickMillis)
  return wrong === undefined ? undefined : `a session ended after ${wrong} ms`
}
