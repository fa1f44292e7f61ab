/** Seeds, tokens and shrinking: what everyone relies on when a run has failed. */
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { inOrder, oneIn, recorded, recording, seeded } from "../../src/replay/Choose.ts"
import { shrink } from "../../src/replay/DeltaDebugging.ts"
import * as Token from "../../src/replay/Token.ts"

const counts = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 200 })

describe("a choice", () => {
  it("is always one of those that were possible", () => {
    fc.assert(fc.property(fc.integer(), counts, (seed, counts) => {
      const choose = seeded(seed)
      return counts.every((count) => {
        const choice = choose(count)
        return Number.isInteger(choice) && choice >= 0 && choice < count
      })
    }))
  })

  it("recorded and followed again is the same, whatever made it", () => {
    fc.assert(fc.property(fc.integer(), counts, (seed, counts) => {
      const first = recording(seeded(seed))
      const made = counts.map(first.choose)
      expect(counts.map(recorded(first.choices))).toEqual(made)
    }))
  })

  it("past the end of the record is the first, and too large a one is the last", () => {
    expect([3, 2, 5].map(recorded([7, 1]))).toEqual([2, 1, 0])
    expect(inOrder(9)).toBe(0)
  })

  it("of a seed reaches every index about equally often, for neighbouring seeds too", () => {
    const hits = Array.from({ length: 10 }, () => 0)
    for (let seed = 0; seed < 10_000; seed++) hits[seeded(seed)(10)]!++
    // Chi-squared with 9 degrees of freedom: 27.9 is exceeded once in a thousand. Seeds are fixed, so this is no gamble.
    expect(hits.reduce((sum, hit) => sum + (hit - 1000) ** 2 / 1000, 0)).toBeLessThan(27.9)
    const choose = seeded(7)
    const rare = Array.from({ length: 16_000 }, () => oneIn(choose, 16)).filter(Boolean).length
    expect(Math.abs(rare - 1000)).toBeLessThan(130)
  })
})

describe("a token", () => {
  const kind = fc.stringMatching(/^[a-z0-9]+(-[a-z0-9]+){0,3}$/)

  it("read again is what was printed", () => {
    fc.assert(fc.property(kind, fc.jsonValue(), (kind, body) => {
      const read = Token.parse(Token.print({ kind, body }))
      expect(Result.getOrThrow(read)).toEqual({ kind, body: JSON.parse(JSON.stringify(body)) })
    }))
  })

  it("altered in any one character is refused in one line, or still means the same", () => {
    fc.assert(
      fc.property(kind, fc.jsonValue(), fc.nat(), fc.constantFrom(..."azA0-_.~ "), (kind, body, at, other) => {
        const printed = Token.print({ kind, body })
        const index = at % printed.length
        const altered = printed.slice(0, index) + other + printed.slice(index + 1)
        const read = Token.parse(altered)
        if (Result.isFailure(read)) expect(read.failure.message).toMatch(/^[^\n]+$/)
        else expect(read.success).toEqual({ kind, body: JSON.parse(JSON.stringify(body)) })
      }),
      { numRuns: 500 }
    )
  })

  it("that never was one is refused, and so is one of another version", () => {
    fc.assert(fc.property(fc.string(), (text) => Result.isFailure(Token.parse(text))))
    const printed = Token.print({ kind: "a", body: 1 })
    const read = Token.parse(printed.replace(/^ap1/, "ap9"))
    expect(Result.isFailure(read) && read.failure.message).toContain("version ap9; this ackproof reads ap1")
    expect(() => Token.print({ kind: "No Kind", body: 1 })).toThrow(RangeError)
  })
})

describe("shrinking", () => {
  /** Fails when it holds all of `needed`, in order; what happened is what was asked. */
  const failsWith = (needed: ReadonlyArray<number>) => (steps: ReadonlyArray<number>) => {
    let at = 0
    for (const step of steps) if (step === needed[at]) at++
    return at === needed.length ? steps : undefined
  }

  it("finds exactly the steps that matter, in their order", () => {
    fc.assert(fc.property(
      fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 80 }),
      fc.infiniteStream(fc.boolean()),
      (steps, keep) => {
        const needed = steps.filter(() => keep.next().value)
        expect(shrink(steps, failsWith(needed)).steps).toEqual(needed)
      }
    ))
  })

  it("leaves nothing that can be dropped alone, also where steps depend on each other", () => {
    fc.assert(fc.property(fc.array(fc.nat(4), { maxLength: 60 }), (noise) => {
      const steps = [...noise, 0, 1, 2, 3]
      // A step n can only happen after n - 1 did; the run fails when 3 happened.
      const oracle = (asked: ReadonlyArray<number>) => {
        const happened: Array<number> = []
        for (const step of asked) if (step === 0 || happened.includes(step - 1)) happened.push(step)
        return happened.includes(3) ? happened : undefined
      }
      expect(shrink(steps, oracle).steps).toEqual([0, 1, 2, 3])
    }))
  })

  it("replaces steps by simpler ones, and drops what that made superfluous", () => {
    // Fails when the steps add up to 10 or more: [10] is the simplest, and dropping alone never gets there from tens.
    const oracle = (steps: ReadonlyArray<number>) =>
      steps.reduce((sum, step) => sum + step, 0) >= 10 ? steps : undefined
    const simpler = (step: number) => step > 10 ? [10] : []
    expect(shrink([3, 40, 2, 50], oracle, { simpler }).steps).toEqual([10])
    expect(shrink([3, 4, 2, 5], oracle, { simpler }).steps.length).toBe(3)
  })

  it("asks no more often than it may, and refuses a run that does not fail", () => {
    const steps = Array.from({ length: 100 }, (_, index) => index)
    expect(shrink(steps, failsWith(steps), { maximumRuns: 10 }).runs).toBeLessThanOrEqual(10)
    expect(() => shrink(steps, () => undefined)).toThrow("does not fail")
  })
})
