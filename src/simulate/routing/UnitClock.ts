/**
 * Who counts the units of NameServerRoutingTimed on the simulated world: a process of its own that does nothing else, so
 * that the end of a unit is an event like any other, and is refused where something was due before it.
 *
 * It wakes each second besides, since time goes on with events only: so a fault may strike in any second.
 */
import { Effect } from "effect"
import { unitMillis } from "../../rocketmq/rules/RoutePeriods.ts"
import { Process } from "../../world/Process.ts"

export const unitClockName = "clock-1"

/** Reports `Tick` first after so many milliseconds, then once a unit. */
export const unitClock = (firstMillis: number) =>
  Effect.gen(function*() {
    const process = yield* Process
    const units = Effect.gen(function*() {
      yield* Effect.sleep(firstMillis)
      while (true) {
        process.did("Tick")
        yield* Effect.sleep(unitMillis)
      }
    })
    yield* Effect.all([units, Effect.forever(Effect.sleep(1_000))], { concurrency: "unbounded" })
  })
