/** The suite of random histories notices every guard that is taken away, and says in how many histories. */
import { expect, it } from "vitest"
import * as Guards from "../../../src/guarantee/KafkaStorageGuards.ts"
import { run } from "../../../src/guarantee/KafkaStorageRun.ts"
import { allGuards, guardNames } from "../../../src/kafka/storage/Guards.ts"

const most = 4_000
/** Not the histories of the scoreboard, which begin at 1. */
const seed = 777

it("breaks a promise within a few thousand histories when a guard is gone, and none of them with all guards", () => {
  expect(guardNames.length).toBeGreaterThanOrEqual(15)
  const caught = guardNames.map((guard) => [guard, Guards.hunt(guard, most, seed)] as const)
  for (const [guard, found] of caught) {
    console.log(`without ${guard}: found in history ${found?.runs} (${found?.faults})`)
  }
  expect(caught.filter(([, found]) => found === undefined).map(([guard]) => guard)).toEqual([])
  for (const [, found] of caught) {
    const kinds = run({ ...found!.settings, guards: allGuards }, found!.commands).findings.map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind !== "acknowledged")).toEqual([])
  }
}, 120_000)
