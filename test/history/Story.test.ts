/** The picture of a history, as golden text: lanes by process, every operation from its invocation to its completion. */
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { check } from "../../src/history/Check.ts"
import { readLeniently } from "../../src/history/ReadHistory.ts"
import { lanes, reportText } from "../../src/history/Story.ts"
import { history } from "./Notation.ts"

it("draws overlapping operations side by side, and cuts long lists", () => {
  const drawn = lanes(history(`
    0 invoke txn [[:send :x 1] [:poll]]
    1 invoke assign [:x :y]
    0 ok txn [[:send :x [0 1]] [:poll {}]]
    1 ok assign [:x :y]
    1 invoke poll [[:poll]]
    1 fail poll [[:poll {:x [[0 1] [1 2] [2 3] [3 4] [4 5] [5 6] [nil 7]]}]]
    :nemesis info kill ["n1"]
    0 info crash`))
  expect(drawn.split("\n")).toEqual([
    "    index  process 0            process 1                         nemesis",
    "        0  ┌ txn x:1, poll",
    "        1  │                    ┌ assign x, y",
    "        2  └ ok x:1@0, nothing  │",
    "        3                       └ ok x, y",
    "        4                       ┌ poll",
    "        5                       └ fail x: 1@0 2@1 3@2 4@3 5@4 +2",
    "        6                                                         · info kill [\"n1\"]",
    "        7  · info crash"
  ])
})

it("tells a report as stories, a name at a time", () => {
  const text = readFileSync(new URL("samples/lost-write.edn", import.meta.url), "utf8")
  const report = check(readLeniently(text).operations)
  expect(reportText("lost-write.edn", report, 3).split("\n")).toEqual([
    "lost-write.edn: invalid",
    "  10 operations: 3 ok, 0 fail, 1 info; 1 key, 3 values; worst lag 0.000 s",
    "  kill: sends worked again after 0.003 s",
    "",
    "lost-write: Value 1 of key 8 is lost: process 0's send (index 1) was acknowledged, and nobody read it, though " +
    "process 0's poll (index 9) read index 1, behind its index 0.",
    "",
    "    index  process 0",
    "        0  ┌ send 8:1",
    "        1  └ ok 8:1@0",
    "        8  ┌ poll",
    "        9  └ ok 8: 3@1",
    "",
    "unseen: Acknowledged and never polled: 1 of key 8. Lost or late cannot be told apart unless the history ends with a " +
    "full re-read.",
    "",
    "    index  process 0",
    "        0  ┌ send 8:1",
    "        1  └ ok 8:1@0"
  ])
})

it("tells so many of each name as are wanted, and how many more there are", () => {
  const report = check(
    history(Array.from({ length: 5 }, (_, at) => `0 ok poll [[:poll {:x [[${at} ${at}]]}]]`).join("\n"))
  )
  const told = (stories: number) =>
    reportText("a.edn", report, stories).split("\n").filter((line) => line.startsWith("phantom"))
  expect(told(3)).toHaveLength(4)
  expect(told(3)[3]).toBe("phantom: 2 more; --all tells them, --json lists them")
  expect(told(Infinity)).toHaveLength(5)
})
