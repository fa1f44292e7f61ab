/** `docs/faults.md` is what the command prints: the page is generated, never written. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import * as Kafka from "../../src/guarantee/KafkaStorageFaults.ts"
import * as Rocketmq from "../../src/guarantee/RocketmqStorageFaults.ts"
import { page, scoreOf } from "../../src/guarantee/Scoreboard.ts"

/** faults.md, "Scoring per cell with CORDS outcome words". */
const words = [
  "correct",
  "correct-but-unavailable",
  "reduced redundancy",
  "silent loss",
  "silent corruption",
  "stuck",
  "crash loop"
]

it("docs/faults.md is the scoreboard of both stores, F1 to F22, in the words of CORDS, every guard noticed", () => {
  const scored = [Kafka.board, Rocketmq.board]
    .map((board) => [board, scoreOf(board, { runs: 100, seed: 1, progress: () => {} })] as const)
  for (const [{ variants }, { guards, rows }] of scored) {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 22 }, (_, index) => `F${index + 1}`))
    for (const { cells, outcomes } of rows) {
      expect(Object.keys(outcomes)).toEqual(variants.map(({ name }) => name))
      for (const counts of Object.values(outcomes)) {
        expect(Object.keys(counts)).toEqual(words)
        expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(cells)
      }
    }
    expect(guards.length).toBeGreaterThanOrEqual(15)
    expect(guards.filter(({ runs }) => runs === undefined)).toEqual([])
  }
  expect(readFileSync(join(import.meta.dirname, "../../docs/faults.md"), "utf8")).toBe(page(scored))
}, 240_000)
