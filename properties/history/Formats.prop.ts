/** Operations survive both notations; `edn-data` reads what is written as it is meant, and Schema and reader agree. */
import { parseEDNString } from "edn-data"
import { Schema } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Data } from "../../src/history/Edn.ts"
import { Operation } from "../../src/history/Operation.ts"
import { readLeniently } from "../../src/history/ReadHistory.ts"
import { edn, toEdn, toJson, toJsonLines } from "../../src/history/WriteHistory.ts"

const word = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/),
  fc.string({ maxLength: 6 })
    .filter((text) => !/^-?\d+$/.test(text) && text !== "__proto__")
)
const key = fc.oneof(fc.integer({ min: -5, max: 2000 }), word)
const value = fc.oneof(
  fc.integer(),
  fc.integer({ min: Number.MIN_SAFE_INTEGER + 1, max: Number.MAX_SAFE_INTEGER }),
  word
)
const offset = fc.oneof(fc.nat(), fc.constant(null))
const pair = fc.tuple(offset, value)
const send = fc.tuple(fc.constant("send" as const), key, fc.oneof(value, pair))
const poll = fc.oneof(
  fc.constant(["poll"] as const),
  fc.tuple(
    fc.constant("poll" as const),
    fc.array(fc.tuple(key, fc.array(pair, { maxLength: 3 })), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries.map(([name, pairs]) => [String(name), pairs])))
  )
)
const common = {
  process: fc.integer({ min: -1, max: 100_000 }),
  type: fc.constantFrom("invoke" as const, "ok" as const, "fail" as const, "info" as const)
}
const optional = { group: fc.string(), error: fc.string() }
const keys = fc.array(key, { maxLength: 3 })
const positions = fc.dictionary(fc.oneof(word, fc.nat().map(String)), fc.nat(), { maxKeys: 3, noNullPrototype: true })
const any = fc.oneof(
  fc.record({
    ...common,
    f: fc.constant("send"),
    value: fc.array(send, { maxLength: 4 }),
    recordKey: fc.string(),
    ...optional
  }, {
    requiredKeys: ["process", "type", "f", "value"]
  }),
  fc.record({ ...common, f: fc.constant("poll"), value: fc.array(poll, { maxLength: 4 }), ...optional }, {
    requiredKeys: ["process", "type", "f", "value"]
  }),
  fc.record({
    ...common,
    f: fc.constant("txn"),
    value: fc.array(fc.oneof(send, poll), { maxLength: 4 }),
    rebalanceLog: fc.array(fc.record({ keys }), { maxLength: 2 }),
    ...optional
  }, { requiredKeys: ["process", "type", "f", "value"] }),
  fc.record({
    ...common,
    f: fc.constantFrom("assign", "subscribe"),
    value: keys,
    seekToBeginning: fc.boolean(),
    ...optional
  }, {
    requiredKeys: ["process", "type", "f", "value"]
  }),
  fc.record({ ...common, f: fc.constantFrom("crash", "debug-topic-partitions"), value: fc.constant(null) }),
  fc.record({
    ...common,
    f: fc.constantFrom("commit", "committed"),
    value: fc.tuple(fc.string(), fc.oneof(keys, positions)),
    reset: fc.boolean()
  }, { requiredKeys: ["process", "type", "f", "value"] }),
  fc.record({
    ...common,
    f: fc.constant("list-offsets"),
    value: fc.oneof(keys, fc.dictionary(word, fc.tuple(fc.nat(), fc.nat()), { maxKeys: 3, noNullPrototype: true }))
  }),
  fc.record({
    ...common,
    process: fc.constantFrom("nemesis", "some other"),
    f: word.filter((text) => text !== ""),
    value: fc.oneof(
      fc.constant(null),
      fc.dictionary(word, fc.nat(), { maxKeys: 2, noNullPrototype: true }),
      fc.array(fc.nat())
    )
  })
)
const histories = fc.array(fc.tuple(any, fc.nat(3), fc.nat(1000)), { maxLength: 12 }).map((operations) => {
  let index = -1
  let time = 0
  return operations.map(([operation, gap, pause]) => ({
    index: index += 1 + gap,
    time: time += pause,
    ...operation
  })) as unknown as ReadonlyArray<Operation>
})

it("a history reads back from EDN, from a JSON array and from JSON lines as it was written", () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(histories, (history) => {
      for (const operation of history) seen.add(String(operation.f))
      for (const text of [toEdn(history), toJson(history), toJsonLines(history)]) {
        const { broken, operations } = readLeniently(text)
        expect(broken).toEqual([])
        expect(operations).toEqual(history)
      }
    }),
    { numRuns: 500 }
  )
  for (const f of ["send", "poll", "txn", "assign", "subscribe", "crash", "commit", "committed", "list-offsets"]) {
    expect(seen).toContain(f)
  }
})

/** What edn-data makes of a form, as plain data: words are their names, the names of entries are their text. */
const plain = (form: unknown): Data => {
  if (Array.isArray(form)) return form.map(plain)
  if (typeof form !== "object" || form === null) return form as Data
  if ("key" in form) return form.key as string
  if ("map" in form) {
    return Object.fromEntries((form.map as ReadonlyArray<readonly [unknown, unknown]>)
      .map(([name, entry]) => [String(plain(name)), plain(entry)]))
  }
  throw new Error(`edn-data made ${JSON.stringify(form)}`)
}

const ednNames: { readonly [name: string]: string } = {
  rebalanceLog: "rebalance-log",
  recordKey: "record-key",
  seekToBeginning: "seek-to-beginning?",
  reset: "reset?"
}

it("edn-data reads every operation that is written as EDN as the same operation", () => {
  fc.assert(
    fc.property(histories, (history) => {
      for (const operation of history) {
        const renamed = Object.entries(JSON.parse(JSON.stringify(operation)) as object)
          .map(([name, field]) => [ednNames[name] ?? name, field])
        const read = plain(parseEDNString(edn(operation)))
        expect(read).toEqual(Object.fromEntries(renamed))
      }
    }),
    { numRuns: 500 }
  )
})

it("what the reader takes satisfies the Schema, as it stands", () => {
  const decode = Schema.decodeUnknownSync(Operation)
  fc.assert(
    fc.property(histories, (history) => {
      for (const operation of readLeniently(toJsonLines(history)).operations) {
        expect(decode(operation, { onExcessProperty: "error" })).toEqual(operation)
      }
    }),
    { numRuns: 300 }
  )
})
