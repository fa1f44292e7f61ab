/** The cells of RocketMQ's routing: every deployment is as its source says, and a token shows what happened. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Matrix from "../../src/guarantee/Matrix.ts"
import { expectations } from "../../src/guarantee/RocketmqRoutingExpectations.ts"
import { part } from "../../src/guarantee/RocketmqRoutingRow.ts"
import * as Token from "../../src/replay/Token.ts"
import { routingFailover } from "../../src/simulate/routing/RoutingFailover.ts"

const planNamed = (deployment: string) => expectations.find((each) => each.deployment.includes(deployment))!.plan

describe("the matrix of RocketMQ's routing", () => {
  it("is as expected in every deployment, and breaks each promise in one at least", () => {
    const cells = Matrix.run(part.rows, { runs: 3, seed: 1, progress: () => {} })
    expect(cells.filter(({ asExpected }) => !asExpected)).toEqual([])
    const broken = cells.filter(({ verdict }) => verdict === "expected broken")
    expect(new Set(broken.map(({ guarantee }) => guarantee)).size).toBe(2)
    expect(cells.every(({ histories, states }) => histories > 0 && states > 10)).toBe(true)
  })

  it("is followed to the bound: a frozen master is still written to before its registration has expired", () => {
    const plan = planNamed("the host of one freezes")
    expect(routingFailover({ ...plan, seed: 1 })).toBe(true)
    expect(routingFailover({ ...plan, boundSeconds: 1, seed: 1 })).toBe(false)
  })

  it("tells what happened since a link was cut", () => {
    const cut = part.rows.find(({ expectation }) => expectation.deployment.endsWith("to one of them is cut"))!
    const { broken } = cut.look!({ runs: 1, seed: 1, progress: () => {} })
    const { body } = Result.getOrThrow(Token.parse(broken!.token))
    const story = part.tellers[0]!.tell(body)
    expect(story.broken).toBe(true)
    expect(story.lines[0]).toMatch(/^ +0\.000 s {2}CutLink\(\d, \d\)$/)
    expect(story.lines.some((line) => line.includes("Expire("))).toBe(true)
  })

  it("tells nothing of a token that is none of its own, and says so", () => {
    expect(() => part.tellers[0]!.tell({ fault: "flood", seed: 1 })).toThrow(/none of a rocketmq-routing run/)
  })
})
