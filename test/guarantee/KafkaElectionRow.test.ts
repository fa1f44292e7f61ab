/** The cells of Kafka's controller: what a deployment promises, what it breaks, and what a token of one tells. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { expectations } from "../../src/guarantee/KafkaElectionExpectations.ts"
import { part } from "../../src/guarantee/KafkaElectionRow.ts"
import * as Matrix from "../../src/guarantee/Matrix.ts"
import * as Token from "../../src/replay/Token.ts"
import { guarded } from "../../src/simulate/coordination/ElectionCluster.ts"

const cellsOf = (deployment: string) =>
  Matrix.run(part.rows.filter(({ expectation }) => expectation.deployment.startsWith(deployment)), {
    runs: 400,
    seed: 1,
    progress: () => {}
  })

const tellerOf = (token: string) => {
  const { body, kind } = Result.getOrThrow(Token.parse(token))
  const teller = part.tellers.find((each) => each.kind === kind)!
  return { body: body as { readonly guards: object }, tell: teller.tell }
}

describe("the matrix of Kafka's controller", () => {
  it("breaks each promise in one deployment at least, and keeps it in another", () => {
    for (const kind of ["controller", "leader", "acknowledged"]) {
      const expected = expectations.filter((each) => each.kind === kind).map((each) => each.expected)
      expect(new Set(expected)).toEqual(new Set(["kept", "broken"]))
    }
  })

  it("expects the shipped controller to keep every promise", () => {
    const shipped = expectations.filter(({ guards }) => JSON.stringify(guards) === JSON.stringify(guarded))
    expect(new Set(shipped.map(({ kind }) => kind)).size).toBe(3)
    expect(shipped.map(({ expected }) => expected)).not.toContain("broken")
  })

  it("shows a deposed controller that writes, step by step, which fails where writes are fenced", () => {
    const [controller, leader] = cellsOf("before KAFKA-6082 (2.0), writes not fenced")
    expect(controller).toMatchObject({ verdict: "expected broken", asExpected: true })
    expect(leader).toMatchObject({ verdict: "survived", asExpected: true })
    const { body, tell } = tellerOf(controller!.token!)
    const story = tell(body)
    expect(story.title).toMatch(
      /^ZooKeeper, three brokers and two partitions without FenceControllerWrites, started: \d+ /
    )
    expect(story.lines.at(-1)).toBe("Broken: NoZombieWrite falls")
    expect(story.broken).toBe(true)
    expect(tell({ ...body, guards: guarded }).broken).toBe(false)
  })

  it("shows two leaders in an epoch where an order is taken half", () => {
    const [leader] = cellsOf("before KAFKA-9307")
    const { body, tell } = tellerOf(leader!.token!)
    expect(tell(body).lines.at(-1)).toBe("Broken: OneLeaderPerEpoch falls")
    expect(tell({ ...body, guards: guarded }).broken).toBe(false)
  })

  it("tells nothing of a token that is none of its own, and says so", () => {
    const [teller] = part.tellers
    expect(() => teller!.tell({ guards: guarded, kind: "no such promise", seed: 1, steps: [] }))
      .toThrow(/none of a kafka-election run/)
  })
})
