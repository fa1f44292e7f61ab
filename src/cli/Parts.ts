/**
 * The parts of the matrix: those of the package, and in a checkout those that live beside the tests, in
 * `properties/rows.ts`, which an installed package does not have.
 */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as KafkaElection from "../guarantee/KafkaElectionRow.ts"
import * as KafkaFailover from "../guarantee/KafkaFailoverRow.ts"
import * as KafkaStorage from "../guarantee/KafkaStorageRow.ts"
import * as RocketmqRouting from "../guarantee/RocketmqRoutingRow.ts"
import * as RocketmqStorage from "../guarantee/RocketmqStorageRow.ts"
import type { Part } from "../guarantee/Row.ts"

const besideTheTests = new URL("../../properties/rows.ts", import.meta.url)

/** What an installed package has too. */
const packaged: ReadonlyArray<Part> = [
  KafkaStorage.part,
  KafkaElection.part,
  KafkaFailover.part,
  RocketmqStorage.part,
  RocketmqRouting.part
]

/** Every part that is here, in the order of the matrix. */
export const parts: Effect.Effect<ReadonlyArray<Part>> = Effect.promise(async () => {
  if (!existsSync(fileURLToPath(besideTheTests))) return packaged
  const module = await import(besideTheTests.href) as { readonly parts: ReadonlyArray<Part> }
  return [...packaged, ...module.parts]
})
