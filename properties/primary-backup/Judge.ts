/** The verdict on a run: whatever the one judge of histories says of what the client saw, and nothing else. */
import { check } from "../../src/history/Check.ts"
import type { Operation } from "../../src/history/Operation.ts"

/** How many writes were acknowledged. */
export const acknowledged = (operations: ReadonlyArray<Operation>): number =>
  operations.filter(({ f, type }) => f === "send" && type === "ok").length

/** What is wrong with what the client saw: the name of each anomaly with its sentence; none where the promise is kept. */
export const broken = (operations: ReadonlyArray<Operation>): ReadonlyArray<string> => {
  const { anomalies, stats, verdict } = check(operations, { smallest: 0 })
  if (verdict !== "invalid") return []
  return stats["bad-error-types"].flatMap((name) => anomalies[name]!.map(({ sentence }) => `${name}: ${sentence}`))
}
