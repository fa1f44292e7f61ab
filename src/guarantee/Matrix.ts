/**
 * The guarantee matrix: every row run within its budget, the cells printed beside what was expected of them.
 */
import { type Cell, cellOf } from "./Cell.ts"
import type { Budget, Row } from "./Row.ts"

/** Random histories for each cell, by tier. */
export const runsOf = { quick: 2_000, deep: 100_000 } as const
export type Tier = keyof typeof runsOf

/** Runs every row; `progress` hears how many histories of all rows are done. */
export const run = (rows: ReadonlyArray<Row>, budget: Budget): ReadonlyArray<Cell> => {
  const total = rows.length * budget.runs
  return rows.map(({ expectation, look }, index) => {
    const progress = (done: number) => budget.progress(index * budget.runs + done, total)
    const cell = cellOf(expectation, look?.({ ...budget, progress }))
    progress(budget.runs)
    return cell
  })
}

const numbers = ({ histories, states, steps, verdict }: Cell): string => {
  const shares = verdict === "survived"
    ? [`${histories} histories, so at most 3 in ${histories} break it`]
    : histories > 0
    ? [`${histories} histories`]
    : []
  const counted = states > 0 ? [`${states} states`] : []
  const found = steps === undefined ? [] : [`shortest history found: ${steps} steps`]
  return [...shares, ...counted, ...found].join("; ")
}

const mark = ({ asExpected, verdict }: Cell): string => {
  switch (verdict) {
    case "holds":
    case "survived":
      return asExpected ? "ok  " : "?   "
    case "broken":
      return "LOST"
    case "expected broken":
      return "lost"
    case "not checked":
      return "-   "
  }
}

/** The cells as `--json` prints them. */
export const documented = (cells: ReadonlyArray<Cell>): ReadonlyArray<Omit<Cell, "steps">> =>
  cells.map((cell) => ({ ...cell, steps: undefined }))

const isChecked = ({ verdict }: Cell): boolean => verdict !== "not checked"

const linesOf = (cell: Cell): ReadonlyArray<string> => [
  `${mark(cell)}  ${cell.guarantee}: ${cell.deployment}`,
  `      ${cell.verdict}${cell.asExpected ? "" : ", NOT AS EXPECTED"}: ${numbers(cell)} (source: ${cell.source})`,
  ...cell.token === undefined ? [] : [`      npx ackproof replay ${cell.token}`]
]

/**
 * The matrix for a person: a cell, its numbers, and for a broken one the line to paste. What is not checked in a deployment
 * stands in one line behind what is.
 */
export const show = (cells: ReadonlyArray<Cell>): string =>
  [...Map.groupBy(cells, ({ deployment }) => deployment)].flatMap(([deployment, column]) => {
    const unchecked = column.filter((cell) => !isChecked(cell))
    const promises = unchecked.map(({ guarantee }) => guarantee).join("; ")
    const why = [...new Set(unchecked.map(({ source }) => source))].join("; ")
    return [
      ...column.filter(isChecked).flatMap(linesOf),
      ...unchecked.length === 0 ? [] : [`-     not checked, ${why}: ${deployment}: ${promises}`]
    ]
  }).join("\n")
