/**
 * From the answers that a client was given to the operation that completes its send.
 *
 *     attempts of one send   FLUSH_DISK_TIMEOUT @3, SEND_OK @4     ok    [4, value]
 *                            FLUSH_SLAVE_TIMEOUT @3                info  [3, value]    stored, and not vouched for
 *                            RemotingTimeoutException, SYSTEM_BUSY info  value         the first may have arrived
 *                            NOT_ENOUGH_REPLICAS                   fail  value
 *
 * The one decision: an operation of several sends is ok only where each of them is, and a failure only where each of them
 * certainly did not happen; part of it done is of unknown outcome. An attempt at another queue, as RocketMQ's producer
 * makes when it retries, is an attempt of another send: it is recorded as one, by a process of its own.
 * Authority: Outcomes.ts, row by row; MQClientAPIImpl.processSendResponse for the offset beside each soft status.
 */
import type { DataOperation, Offset, SendStep } from "./Operation.ts"
import { type Attempt, outcomeOf, outcomeOfAttempts } from "./Outcomes.ts"

const answered = (
  system: "kafka" | "rocketmq",
  [name, key, asked]: SendStep,
  attempts: ReadonlyArray<Attempt>
) => {
  const outcomes = attempts.map(({ answer }) => outcomeOf(system, answer))
  const outcome = outcomeOfAttempts(outcomes)
  const value = typeof asked === "object" ? asked[1] : asked
  const told = attempts.findLast(({ offset }, at) => outcomes[at] === outcome && offset !== undefined)
  const offset: Offset = told?.offset ?? null
  const step: SendStep = outcome === "ok" || (outcome === "info" && offset !== null)
    ? [name, key, [offset, value]]
    : [name, key, value]
  const errors = outcome === "ok" ? [] : attempts.filter((_, at) => outcomes[at] !== "ok").map(({ answer }) => answer)
  return { outcome, step, errors }
}

/**
 * The completion of an invoked `send`: for each of its sends the attempts in their order, each with the answer by name or
 * by code and the offset that it told. A send without any attempt has an unknown outcome. The error lists the answers.
 */
export const completionOf = (
  system: "kafka" | "rocketmq",
  invoked: DataOperation,
  attempts: ReadonlyArray<ReadonlyArray<Attempt>>,
  at: { readonly index: number; readonly time: number }
): DataOperation => {
  const sends = invoked.value.filter((step) => step[0] === "send")
  const steps = sends.map((step, place) => answered(system, step, attempts[place] ?? []))
  const all = (outcome: "ok" | "fail") => steps.length > 0 && steps.every((step) => step.outcome === outcome)
  const errors = steps.flatMap((step) => step.errors)
  return {
    ...invoked,
    ...at,
    type: all("ok") ? "ok" : all("fail") ? "fail" : "info",
    value: steps.map(({ step }) => step),
    ...(errors.length === 0 ? undefined : { error: errors.join(", ") })
  }
}
