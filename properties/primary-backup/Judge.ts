/** The verdict on a run: whatever the one judge of histories says of what the client saw. */
import type { Operation } from "../../src/history/Operation.ts"

/** How many writes were acknowledged. */
export const acknowledged = (operations: ReadonlyArray<Operation>): number =>
  operations.filter(({ f, type }) => f === "send" && type === "ok").length

/** Acknowledged writes that the final read does not have. */
export const lost = (operations: ReadonlyArray<Operation>): ReadonlyArray<unknown> => {
  const read = new Set<unknown>()
  for (const operation of operations) {
    if (operation.f !== "poll" || operation.type !== "ok") continue
    for (const step of operation.value) {
      if (step[0] === "poll" && step[1] !== undefined) step[1]["log"]?.forEach(([, value]) => read.add(value))
    }
  }
  return operations.flatMap((operation) =>
    operation.f !== "send" || operation.type !== "ok" ? [] : operation.value.flatMap((step) => {
      const sent = step[0] === "send" && Array.isArray(step[2]) ? step[2][1] : undefined
      return sent === undefined || read.has(sent) ? [] : [sent]
    })
  )
}
