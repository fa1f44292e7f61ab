/**
 * How long writes stand still after a leader died: within the bound of each deployment, and in the recorded clusters too.
 * Gaps of real clusters are those of test/real/failover-traces (kafka-zk-*): 16.2 s to 17.2 s with sessions of 18 s, 2.7 s
 * to 3.2 s with sessions of 2 s.
 */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { expectations } from "../../src/guarantee/KafkaFailoverExpectations.ts"
import { part } from "../../src/guarantee/KafkaFailoverRow.ts"
import * as Matrix from "../../src/guarantee/Matrix.ts"
import * as Token from "../../src/replay/Token.ts"
import { failover } from "../../src/simulate/coordination/Failover.ts"

const planNamed = (deployment: string) => expectations.find((each) => each.deployment.includes(deployment))!.plan

describe("writes after a leader died", () => {
  it("go on within a bound that the recorded clusters keep as well", () => {
    expect(planNamed("sessions of 18 s").boundMillis).toBeGreaterThan(17_200)
    expect(planNamed("sessions of 2 s").boundMillis).toBeGreaterThan(3_200)
  })

  it("go on while the host of the last leader is frozen, whose connections stay: its session ends as that of the dead", () => {
    const plan =
      expectations.find(({ plan }) => plan.death === "Pause" && plan.deployment.times.timeoutMillis === 2_000)!.plan
    const failovers = Array.from({ length: 12 }, (_, i) => failover({ ...plan, seed: i + 1 }))
    for (const { gapMillis } of failovers) {
      expect(gapMillis).toBeGreaterThan(plan.deployment.times.timeoutMillis / 2)
      expect(gapMillis).toBeLessThan(plan.boundMillis)
    }
    expect(new Set(failovers.map(({ wasController }) => wasController))).toEqual(new Set([true, false]))
  })

  it("stand still for less than the bound whoever the leader was, and never for less than half a session", () => {
    const plan = planNamed("sessions of 2 s")
    const failovers = Array.from({ length: 12 }, (_, i) => failover({ ...plan, seed: i + 1 }))
    for (const { gapMillis } of failovers) {
      // The server last heard of the dead broker a ping ago at most, a third of the timeout.
      expect(gapMillis).toBeGreaterThan(plan.deployment.times.timeoutMillis / 2)
      expect(gapMillis).toBeLessThan(plan.boundMillis)
    }
    expect(new Set(failovers.map(({ wasController }) => wasController))).toEqual(new Set([true, false]))
  })

  it("are as expected in every deployment, and a token shows what ZooKeeper stored", () => {
    const cells = Matrix.run(part.rows, { runs: 2, seed: 1, progress: () => {} })
    expect(cells.filter(({ asExpected }) => !asExpected)).toEqual([])
    const broken = cells.filter(({ verdict }) => verdict === "expected broken")
    expect(broken.map(({ deployment }) => deployment)).toEqual([
      "3.9, 2 replicas, min.insync.replicas=2",
      "3.9, 2 replicas, min.insync.replicas=1, the follower was out of sync",
      "3.9, 2 replicas, min.insync.replicas=2, the leader's host freezes"
    ])
    const { body } = Result.getOrThrow(Token.parse(broken[1]!.token!))
    const story = part.tellers[0]!.tell(body)
    expect(story.broken).toBe(true)
    expect(story.lines.some((line) => /partition \d: no leader, in sync \d, epoch \d/.test(line))).toBe(true)
    expect(story.lines.at(-1)).toBe("Broken: no write is acknowledged within 4500 ms.")
  })

  it("are told only of tokens of their own", () => {
    expect(() => part.tellers[0]!.tell({ seed: 1 })).toThrow(/none of a kafka-failover run/)
  })
})
