/**
 * The model ControllerElection can do what real clusters did: Kafka 3.9.2 on ZooKeeper 3.8.4 (test/real,
 * failover-traces), and not what they did not.
 */
import { describe, expect, it } from "vitest"
import { byTier } from "../../Tier.ts"
import { fo1Names, fo2Names, linesOf, phasesOfFailover, phasesOfTransactions } from "./RealTraces.ts"
import { explain, type Phase } from "./Witness.ts"

/** No phase of these traces needs more than 360 states. */
const most = 1_000

const txns = () => phasesOfTransactions(linesOf("zookeeper-txns-A"))

/** The phases with one write replaced, or left out. */
const changed = (
  phases: ReadonlyArray<Phase>,
  at: readonly [phase: number, write: number],
  to: (value: string) => ReadonlyArray<string>
): ReadonlyArray<Phase> =>
  phases.map((phase, i) =>
    i !== at[0] ? phase : {
      ...phase,
      writes: phase.writes.flatMap((write, j) =>
        j !== at[1] ? [write] : to(write.value).map((value) => ({ ...write, value }))
      )
    }
  )

const isState = (value: string) => value.includes(" of ")
const laterEpoch = (value: string) => value.replace(/\/(\d+)/, (_, epoch: string) => `/${Number(epoch) + 1}`)
const otherLeader = (value: string) => value.replace(/^(-?\d+)/, (leader) => leader === "1" ? "2" : "1")
const fewer = (value: string) => value.replace(/(\d),(\d)/, "$1")
const laterController = (value: string) => value.replace(/of (\d+)/, (_, epoch: string) => `of ${Number(epoch) + 1}`)

describe("what a real cluster wrote into ZooKeeper", () => {
  it("from its start through kills, controlled shutdowns, returns and elections, the model writes too", () => {
    const { phases } = txns()
    expect(phases.map(({ what }) => what)).toHaveLength(12)
    const explained = explain(phases, most)
    expect(explained).toMatchObject({ _tag: "Explained" })
  })

  it("is all in the model but deletion, added partitions, configuration and what a first start makes", () => {
    const named = [
      /^\/brokers\/topics\/t2(\/|$)/,
      /^\/admin\/delete_topics\/t2$/,
      /^(delete|create) t2/,
      /^\/brokers\/topics\/t1\/partitions\/[34](\/|$)/,
      /^partitions t1 5$/,
      /^\/config\/(topics|changes)\//,
      /^config t1/,
      // The assignment, and the parents of its states, which the model takes for given.
      /^\/brokers\/topics\/t1(\/partitions(\/\d)?)?$/,
      // Parents, and what belongs to no election: createTopLevelPaths, cluster id, features, producer ids.
      /^\/(consumers|brokers|config|admin|cluster|feature|isr_change_notification|log_dir_event_notification)$/,
      /^\/(brokers\/(ids|topics|seqid)|admin\/delete_topics|cluster\/id|latest_producer_id_block)$/,
      /^\/config\/(changes|topics|clients|users|brokers|ips)$/,
      /^(produce|exited broker) /
    ]
    const { notModelled } = txns()
    expect([...notModelled.keys()].filter((name) => !named.some((pattern) => pattern.test(name)))).toEqual([])
    expect(named.filter((pattern) => ![...notModelled.keys()].some((name) => pattern.test(name)))).toEqual([])
  })

  it("is another thing to the model where any one state of a partition is another", () => {
    const { phases } = txns()
    const states = phases.flatMap(({ writes }, i) =>
      writes.flatMap(({ value }, j) => isState(value) ? [[i, j] as const] : [])
    )
    const lines = linesOf("zookeeper-txns-A").filter(({ path }) => /\/t1\/partitions\/[012]\/state$/.test(path ?? ""))
    expect(states.length).toBe(lines.length)
    expect(states.length).toBeGreaterThan(20)
    const changes = [laterEpoch, otherLeader, fewer, laterController]
    const passed = states.filter((at, n) => {
      const change = changes[n % changes.length]!
      const mutant = changed(phases, at, (value) => [change(value)])
      return JSON.stringify(mutant) !== JSON.stringify(phases) && explain(mutant, most)._tag === "Explained"
    })
    expect(passed).toEqual([])
  })

  it("is another thing where the epoch of the controller, or who it is, is another, or a write is missing", () => {
    const { phases } = txns()
    const kill = phases.findIndex(({ what }) => what === "SIGKILL broker 3")
    const at = (text: string) => phases[kill]!.writes.findIndex(({ value }) => value === text)
    // In the model's names 1, 2, 3 are the real 2, 1, 3: the controller after the kill is the real 1.
    for (const [text, instead] of [["2", ["3"]], ["none", []], ["-1/2 2,1 of 2", []]] as const) {
      expect(at(text)).toBeGreaterThanOrEqual(0)
      expect(explain(changed(phases, [kill, at(text)], () => instead), most)._tag).toBe("Unexplained")
    }
  })

  it("is another thing without any one of its writes", () => {
    const { phases } = txns()
    const writes = phases.flatMap((phase, i) => phase.writes.map((_, j) => [i, j] as const))
    expect(writes.length).toBeGreaterThan(50)
    const oneIn = byTier({ quick: 6, ci: 1, deep: 1 })
    const looked = writes.filter((_, n) => n % oneIn === 0)
    expect(looked.filter((at) => explain(changed(phases, at, () => []), most)._tag === "Explained")).toEqual([])
  })

  it.each([["kafka-zk-kill9-controller-2s", fo2Names], ["kafka-zk-kill9-noncontroller-18s", fo1Names]] as const)(
    "and what its clients were told around a kill, the model does too: %s",
    (name, names) => {
      const phases = phasesOfFailover(linesOf(name), names)
      expect(phases.at(-1)!.writes.length).toBeGreaterThan(3)
      expect(phases.at(-1)!.views.length).toBeGreaterThan(1)
      expect(explain(phases, most)).toMatchObject({ _tag: "Explained" })
      const leaps = phases.map((phase) => ({ ...phase, views: phase.views.map((view) => view.replace("/1", "/2")) }))
      expect(explain(leaps, most)._tag).toBe("Unexplained")
    }
  )
})
