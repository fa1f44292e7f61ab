/**
 * Every run that once failed is replayed: `test/seeds` holds one file a run, `{sentence, token, broken}`. `broken` says
 * whether the promise is still broken today: true where a guard is off on purpose, false where a defect was mended.
 */
import { Result, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parts } from "../properties/rows.ts"
import * as KafkaElection from "../src/guarantee/KafkaElectionRow.ts"
import * as KafkaFailover from "../src/guarantee/KafkaFailoverRow.ts"
import * as KafkaStorage from "../src/guarantee/KafkaStorageRow.ts"
import * as RocketmqRouting from "../src/guarantee/RocketmqRoutingRow.ts"
import * as RocketmqStorage from "../src/guarantee/RocketmqStorageRow.ts"
import * as Token from "../src/replay/Token.ts"

const Seed = Schema.Struct({ sentence: Schema.NonEmptyString, token: Schema.String, broken: Schema.Boolean })
const folder = join(import.meta.dirname, "seeds")
const seeds = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => Schema.decodeUnknownSync(Seed)(JSON.parse(readFileSync(join(folder, name), "utf8"))))
const tellers = [
  ...parts,
  KafkaStorage.part,
  KafkaElection.part,
  KafkaFailover.part,
  RocketmqStorage.part,
  RocketmqRouting.part
].flatMap((
  part
) => part.tellers)

describe("a run that once failed", () => {
  it("is kept for every kind of token", () => {
    const kinds = new Set(seeds.map(({ token }) => token.split(".")[1]))
    expect(tellers.map(({ kind }) => kind).filter((kind) => !kinds.has(kind))).toEqual([])
  })

  it.each(seeds)("$sentence", ({ broken, token }) => {
    const { body, kind } = Result.getOrThrow(Token.parse(token))
    expect(tellers.find((teller) => teller.kind === kind)!.tell(body).broken).toBe(broken)
  })
})
