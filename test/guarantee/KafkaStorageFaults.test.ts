/** `docs/faults.md` is what the command prints: the page is generated, never written. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { page, scoreboard } from "../../src/guarantee/KafkaStorageFaults.ts"

it("docs/faults.md is the scoreboard of this engine, F1 to F22, each with its cells and every guard noticed", () => {
  const board = scoreboard({ runs: 200, seed: 1, progress: () => {} })
  expect(board.rows.map(({ id }) => id)).toEqual(Array.from({ length: 22 }, (_, index) => `F${index + 1}`))
  expect(board.rows.filter(({ cells }) => cells === 0)).toEqual([])
  expect(board.guards.filter(({ runs }) => runs === undefined)).toEqual([])
  expect(readFileSync(join(import.meta.dirname, "../../docs/faults.md"), "utf8")).toBe(page(board))
}, 120_000)
