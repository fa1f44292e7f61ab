/**
 * What is planted is found: each anomaly as the shortest story of its definition, told by clients of its own about keys of
 * its own, in the middle of a random history that is clean. It is found with the same fields wherever its operations fall,
 * and nothing else is, but what the story shows by itself.
 *
 * The stories are written from the definitions of jepsen.tests.kafka and, for what it does not know, of docs/histories.md.
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { check } from "../../src/history/Check.ts"
import { names } from "../../src/history/Checks.ts"
import type { Operation } from "../../src/history/Operation.ts"
import { seeded } from "../../src/replay/Choose.ts"
import { history } from "../../test/history/Notation.ts"
import { workload } from "./Workload.ts"

interface Story {
  readonly text: string
  readonly fields: object
}

/** Three acknowledged sends, which somebody polls. */
const three = `
  0 ok send [[:send :p [0 a]]]
  0 ok send [[:send :p [1 b]]]
  0 ok send [[:send :p [2 c]]]
  9 ok poll [[:poll {:p [[0 a] [1 b] [2 c]]}]]`

const stories: { readonly [N in Name]?: Story } = {
  "inconsistent-offsets": {
    text: `${three}
      1 ok poll [[:poll {:p [[1 c]]}]]`,
    fields: { key: "p", offset: 1, index: 1, values: ["b", "c"] }
  },
  duplicate: {
    text: `${three}
      1 ok poll [[:poll {:p [[3 a]]}]]`,
    fields: { key: "p", value: "a", count: 2, offsets: [0, 3] }
  },
  G1a: {
    text: `
      0 invoke send [[:send :p a]]
      0 fail send [[:send :p a]]
      1 ok poll [[:poll {:p [[0 a]]}]]`,
    fields: { key: "p", value: "a" }
  },
  "precommitted-read": {
    text: "0 fail txn [[:poll {:p [[0 a]]}] [:send :p a]]",
    fields: { key: "p", value: "a" }
  },
  "lost-write": {
    text: `
      0 info send [[:send :p [0 a]] [:send :q [0 a]]]
      0 ok send [[:send :p [1 b]]]
      1 ok poll [[:poll {:p [[1 b]], :q [[0 a]]}]]`,
    fields: { key: "p", value: "a", index: 0, "max-read-index": 1 }
  },
  unseen: {
    text: "0 ok send [[:send :p [0 a]]]",
    fields: { unseen: { p: 1 }, messages: { p: ["a"] } }
  },
  "int-poll-skip": {
    text: `${three}
      1 info poll [[:poll {:p [[0 a]]}] [:poll {:p [[2 c]]}]]`,
    fields: { key: "p", values: ["a", "c"], delta: 2, skipped: ["b"] }
  },
  "int-nonmonotonic-poll": {
    text: `${three}
      1 fail poll [[:poll {:p [[2 c] [0 a]]}]]`,
    fields: { key: "p", values: ["c", "a"], delta: -2 }
  },
  "int-nonmonotonic-send": {
    text: `
      0 ok send [[:send :p [1 a]] [:send :p [0 b]]]
      1 ok poll [[:poll {:p [[0 b] [1 a]]}]]`,
    fields: { key: "p", values: ["a", "b"], delta: -1 }
  },
  "poll-skip": {
    text: `${three}
      1 ok poll [[:poll {:p [[0 a]]}]]
      1 fail poll [[:poll {:p [[2 c]]}]]`,
    fields: { key: "p", delta: 2, skipped: ["b"] }
  },
  "nonmonotonic-poll": {
    text: `${three}
      1 ok poll [[:poll {:p [[1 b]]}]]
      1 info poll [[:poll {:p [[1 b]]}]]`,
    fields: { key: "p", values: ["b", "b"], delta: 0 }
  },
  "nonmonotonic-send": {
    text: `
      0 ok send [[:send :p [1 a]]]
      0 ok send [[:send :p [0 b]]]
      1 ok poll [[:poll {:p [[0 b] [1 a]]}]]`,
    fields: { key: "p", values: ["a", "b"], delta: -1 }
  },
  G1c: {
    text: `
      0 invoke txn [[:send :p a] [:poll]]
      1 invoke txn [[:send :q b] [:poll]]
      0 ok txn [[:send :p [0 a]] [:poll {:q [[0 b]]}]]
      1 ok txn [[:send :q [0 b]] [:poll {:p [[0 a]]}]]`,
    fields: { type: "G1c", shortest: true }
  },
  "G1c-realtime": {
    text: `
      1 invoke poll [[:poll]]
      1 ok poll [[:poll {:p [[0 a]]}]]
      0 invoke send [[:send :p a]]
      0 ok send [[:send :p [0 a]]]`,
    fields: { type: "G1c-realtime", shortest: true }
  },
  phantom: {
    text: "0 ok poll [[:poll {:p [[7 a]]}]]",
    fields: { key: "p", value: "a", offset: 7 }
  },
  "torn-transaction": {
    text: `${three}
      2 ok txn [[:send :p [3 d]] [:send :q [0 e]]]
      0 ok send [[:send :p [4 f]]]
      3 ok assign [:p :q]
      3 ok poll [[:poll {:p [[2 c]], :q [[0 e]]}]]
      3 ok poll [[:poll {:p [[4 f]]}]]`,
    fields: { key: "p", value: "d", read: { key: "q", value: "e" } }
  },
  "delivered-then-gone": {
    text: `${three}
      1 invoke assign [:p] :seek-to-beginning? true
      1 ok assign [:p] :seek-to-beginning? true
      1 ok poll [[:poll {:p [[0 a] [2 c]]}]]`,
    fields: { key: "p", value: "b", offset: 1 }
  },
  "acknowledged-never-delivered": {
    text: `
      0 ok send [[:send :p [0 a]]]
      1 ok commit ["of p" {:p 1}]`,
    fields: { group: "of p", key: "p", value: "a", offset: 0, position: 1 }
  },
  "key-order": {
    text: `
      0 ok send [[:send :p [1 a]]] :record-key "r"
      0 invoke send [[:send :q b]] :record-key "r"
      0 ok send [[:send :q [0 b]]] :record-key "r"
      1 ok poll [[:poll {:q [[0 b]]}]] :group "of p"
      1 invoke poll [[:poll]] :group "of p"
      1 ok poll [[:poll {:p [[1 a]]}]] :group "of p"`,
    fields: { "record-key": "r", keys: ["p", "q"], values: ["a", "b"] }
  },
  "committed-went-back": {
    text: `
      0 ok commit ["of p" {:p 5}]
      1 invoke committed ["of p" [:p]]
      1 ok committed ["of p" {:p 3}]`,
    fields: { group: "of p", key: "p", values: [5, 3], delta: -2 }
  },
  "end-offset-went-back": {
    text: `
      0 ok list-offsets {:p [0 5]}
      1 invoke list-offsets [:p]
      1 ok list-offsets {:p [0 4]}`,
    fields: { key: "p", values: [5, 4], delta: -1 }
  },
  "int-send-skip": {
    text: `${three}
      1 info send [[:send :p [3 d]] [:send :p [5 f]]]
      0 ok send [[:send :p [4 e]]]
      9 ok poll [[:poll {:p [[3 d] [4 e] [5 f]]}]]`,
    fields: { key: "p", values: ["d", "f"], delta: 2, skipped: ["e"] }
  }
}

/** Orders of sends, which are edges with `wwDeps` only; a history of transactions that interleave shows G0 by itself. */
const sendStories = {
  G0: `
    0 invoke txn [[:send :p a] [:send :q a]]
    1 invoke txn [[:send :q b] [:send :p b]]
    0 ok txn [[:send :p [0 a]] [:send :q [1 a]]]
    1 ok txn [[:send :q [0 b]] [:send :p [1 b]]]`,
  "G0-realtime": `
    0 ok send [[:send :p [1 a]]]
    1 invoke send [[:send :p b]]
    1 ok send [[:send :p [0 b]]]`
}

/** The story among the operations of a clean history, its own order kept; its clients are others. */
const among = (clean: ReadonlyArray<Operation>, story: ReadonlyArray<Operation>, places: ReadonlyArray<number>) => {
  const at = [...places].sort((a, b) => a - b).map((place) => Math.floor(place / 1000 * clean.length))
  const told = story.map((operation) => ({ ...operation, process: (operation.process as number) + 100_000 }))
  const all: Array<object> = []
  let next = 0
  for (let i = 0; i <= clean.length; i++) {
    while (next < told.length && (at[next] ?? clean.length) === i) all.push(told[next++]!)
    if (i < clean.length) all.push(clean[i]!)
  }
  return all.map((operation, index) => ({ ...operation, index, time: index }) as Operation)
}

const rows = Object.entries(stories) as ReadonlyArray<readonly [Name, Story]>

it.each(rows)("%s is found wherever it is planted, and nothing that it does not show", (name, { fields, text }) => {
  const story = history(text)
  const alone: ReadonlyArray<Name> = check(story).stats["error-types"].filter((one: Name) =>
    one !== "empty-transaction-graph"
  )
  expect(alone).toContain(name)
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), fc.array(fc.nat(999), { minLength: story.length, maxLength: story.length }), (
      seed,
      places
    ) => {
      const { operations } = workload(seeded(seed), undefined, { keys: 2, clients: 3, events: 40 })
      const { anomalies, stats } = check(among(operations, story, places), { smallest: 0 })
      expect(anomalies[name]).toEqual(expect.arrayContaining([expect.objectContaining(fields)]))
      const others = stats["error-types"].filter((one: Name) => !alone.includes(one) && one !== "int-send-skip")
      expect(others).toEqual([])
    }),
    { numRuns: 60 }
  )
})

it.each(Object.entries(sendStories))(
  "%s is found with ww edges, where no transactions interleave beside it",
  (name, text) => {
    const story = history(text)
    const circles = (operations: ReadonlyArray<Operation>) =>
      check(operations, { smallest: 0, wwDeps: true }).stats.allowed.filter((one) =>
        one === "G0" || one === "G0-realtime"
      )
    let planted = 0
    fc.assert(
      fc.property(fc.nat(0x7fff_ffff), fc.array(fc.nat(999), { minLength: 4, maxLength: 4 }), (seed, places) => {
        const { operations } = workload(seeded(seed), undefined, { keys: 2, clients: 2, events: 20 })
        if (circles(operations).length > 0) return
        planted++
        expect(circles(among(operations, story, places))).toEqual([name])
      }),
      { numRuns: 100 }
    )
    expect(planted).toBeGreaterThan(10)
  }
)

it("every name has a story, but markers of circles and what tells of the search itself", () => {
  const told = [...Object.keys(stories), ...Object.keys(sendStories)]
  expect(names.filter((name) => !told.includes(name)))
    .toEqual([
      "PL-1-cycle-exists",
      "PL-2-cycle-exists",
      "strong-PL-1-cycle-exists",
      "strong-PL-2-cycle-exists",
      "cycle-search-timeout",
      "empty-transaction-graph"
    ])
})
