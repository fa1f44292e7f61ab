/** `docs/faults.md` is what the command prints: the page is generated, never written. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { page, scoreboard } from "../../src/guarantee/KafkaStorageFaults.ts"

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

it("docs/faults.md is the scoreboard of this engine, F1 to F22, in the words of CORDS, every guard noticed", () => {
  const board = scoreboard({ runs: 100, seed: 1, progress: () => {} })
  expect(board.rows.map(({ id }) => id)).toEqual(Array.from({ length: 22 }, (_, index) => `F${index + 1}`))
  for (const { cells, hardened, outcomes } of board.rows) {
    for (const counts of [hardened, outcomes]) {
      expect(Object.keys(counts)).toEqual(words)
      expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(cells)
    }
  }
  expect(board.guards.filter(({ runs }) => runs === undefined)).toEqual([])
  expect(readFileSync(join(import.meta.dirname, "../../docs/faults.md"), "utf8")).toBe(page(board))
}, 240_000)
