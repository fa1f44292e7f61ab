/** What nodes of routing do because somebody wants it, and what they do not do while they cannot. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { byTier } from "../../../test/Tier.ts"
import { judges } from "./NodeJudges.ts"
import { administered, nowhereToSend, withoutRoute } from "./Wishes.ts"

const seeds = fc.integer({ min: 1, max: 0x7fff_ffff })
const numRuns = byTier({ quick: 60, deep: 3_000 })
const isRight = (wrong: (seed: number) => string | undefined): void =>
  fc.assert(
    fc.property(seeds, (seed) => {
      expect(wrong(seed)).toBeUndefined()
    }),
    { numRuns }
  )

describe("NameServers, brokers and clients", () => {
  it("do what an administrator wants, once, and keep it over a restart", () => isRight(administered))

  it("send and pull nothing without a route, also where a configured order names the queue", () =>
    isRight(withoutRoute))

  it("try again only where there is a queue to write to", () => isRight(nowhereToSend))

  // Whoever breaks nodes on purpose asks these: they must find nothing wrong with the nodes as they are.
  it.each(Object.entries(judges))("are as they should be to the judge of mutants: %s", (_, judge) => {
    expect(judge()).toBeUndefined()
  })
})
