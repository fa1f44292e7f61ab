/** How answers of real producers become completions; what each answer means is read from its source, row by row. */
import { describe, expect, it } from "vitest"
import { completionOf } from "../../src/history/Completion.ts"
import type { DataOperation } from "../../src/history/Operation.ts"
import type { Attempt } from "../../src/history/Outcomes.ts"

const invoked: DataOperation = {
  index: 4,
  time: 40,
  process: 7,
  type: "invoke",
  f: "send",
  value: [["send", "broker-a-0", 1]],
  recordKey: "order-7"
}
const at = { index: 5, time: 50 }
const complete = (system: "kafka" | "rocketmq", ...attempts: ReadonlyArray<Attempt>) => {
  const { error, type, value } = completionOf(system, invoked, [attempts], at)
  return { type, told: value[0]![2], ...(error === undefined ? {} : { error }) }
}

describe("RocketMQ (MQClientAPIImpl.processSendResponse: these four statuses carry a queue offset)", () => {
  it("SEND_OK is ok, with its queue offset", () => {
    expect(complete("rocketmq", { answer: "SEND_OK", offset: 3 })).toEqual({ type: "ok", told: [3, 1] })
  })
  it.each(["FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT", "SLAVE_NOT_AVAILABLE"])(
    "%s is of unknown outcome, and its queue offset is kept",
    (answer) => {
      expect(complete("rocketmq", { answer, offset: 3 })).toEqual({ type: "info", told: [3, 1], error: answer })
    }
  )
  it("codes on the wire are taken as well (ResponseCode: 14 SERVICE_NOT_AVAILABLE, 10 FLUSH_DISK_TIMEOUT)", () => {
    expect(complete("rocketmq", { answer: 14 })).toEqual({ type: "fail", told: 1, error: "14" })
    expect(complete("rocketmq", { answer: 10, offset: 0 })).toEqual({ type: "info", told: [0, 1], error: "10" })
  })
  it("a retry that is acknowledged is ok, where that attempt stands and not where the soft one does", () => {
    expect(complete("rocketmq", { answer: "FLUSH_DISK_TIMEOUT", offset: 3 }, { answer: "SEND_OK", offset: 4 }))
      .toEqual({ type: "ok", told: [4, 1] })
  })
  it("a busy broker behind a timeout does not make a failure of it", () => {
    expect(complete("rocketmq", { answer: "RemotingTimeoutException" }, { answer: "SYSTEM_BUSY" }))
      .toEqual({ type: "info", told: 1, error: "RemotingTimeoutException, SYSTEM_BUSY" })
  })
})

describe("Kafka (Errors; KAFKA-13574 for the leader that resigns)", () => {
  it.each([["NOT_ENOUGH_REPLICAS", "fail"], ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "info"], [
    "NOT_LEADER_OR_FOLLOWER",
    "info"
  ], ["AN_ERROR_NOBODY_KNOWS", "info"]])("%s is %s, and no offset is told", (answer, type) => {
    expect(complete("kafka", { answer })).toEqual({ type, told: 1, error: answer })
  })
  it("an answer that is no error is ok, with the offset of the record", () => {
    expect(complete("kafka", { answer: 0, offset: 8 })).toEqual({ type: "ok", told: [8, 1] })
  })
})

describe("several sends in one operation", () => {
  const two: DataOperation = { ...invoked, value: [["send", 0, 1], ["send", 1, 2]] }
  it("are ok together, and fail together", () => {
    const ok = completionOf("kafka", two, [[{ answer: "NONE", offset: 0 }], [{ answer: "NONE", offset: 9 }]], at)
    expect(ok).toEqual({ ...two, ...at, type: "ok", value: [["send", 0, [0, 1]], ["send", 1, [9, 2]]] })
    const fail = completionOf("kafka", two, [[{ answer: 19 }], [{ answer: 10 }]], at)
    expect(fail).toMatchObject({ type: "fail", value: two.value, error: "19, 10" })
  })
  it("one done and one not, or not answered, is of unknown outcome", () => {
    expect(completionOf("kafka", two, [[{ answer: "NONE", offset: 0 }], [{ answer: 19 }]], at))
      .toMatchObject({ type: "info", value: [["send", 0, [0, 1]], ["send", 1, 2]] })
    expect(completionOf("kafka", two, [[{ answer: "NONE", offset: 0 }]], at).type).toBe("info")
  })
})
