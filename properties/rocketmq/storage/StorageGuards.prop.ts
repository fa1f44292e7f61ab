/** The suite of random histories notices every guard that is taken away, and says in how many histories. */
import { expect, it } from "vitest"
import { type Settings, switches } from "../../../src/guarantee/RocketmqStorageCommand.ts"
import { mostHistories } from "../../../src/guarantee/RocketmqStorageFaults.ts"
import { hunt } from "../../../src/guarantee/RocketmqStorageGuards.ts"
import { run } from "../../../src/guarantee/RocketmqStorageRun.ts"

it("breaks a promise within a few thousand histories when a guard is gone, and keeps it with all of them", () => {
  expect(switches.length).toBeGreaterThanOrEqual(15)
  const caught = switches.map((guard) => [guard, hunt(guard, mostHistories)] as const)
  for (const [guard, found] of caught) {
    console.log(`without ${guard}: found in history ${found?.runs} (${found?.faults}, ${found?.kind})`)
  }
  expect(caught.filter(([, found]) => found === undefined).map(([guard]) => guard)).toEqual([])
  for (const [guard, found] of caught) {
    const whole: Settings = { ...found!.settings, off: found!.settings.off.filter((name) => name !== guard) }
    const kinds = run(whole, found!.commands).findings.map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind !== "acknowledged" || whole.flush === "SYNC_FLUSH")).toEqual([])
  }
}, 120_000)
