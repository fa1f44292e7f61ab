/**
 * A fault plan written by hand, for tests: rules that watch for events by what `show` says of them, and strike.
 *
 *     rule ─▶ watches ──(event fits)──▶ strikes: observes it, fires faults just before it, or holds it
 *               └── spent after `times` strikes, or when cleared; what is held goes on when released
 *
 * The one decision: a plan only chooses which possible event is next and which faults come before it, so a run under a
 * plan is a run like any other: its events are recorded, shrunk and replayed without the plan. (Faults of a disk that
 * strike by operation are `DiskFaultPlan`'s.)
 */
import { Livelock } from "./SimulatedProcess.ts"
import { Deadlock, type Simulation } from "./Simulation.ts"
import { type Fault, show, type WorldEvent } from "./WorldEvent.ts"

export type Strike =
  /** Counts it. */
  | { readonly _tag: "Observe" }
  /** Fires these faults before it, those that can happen; then the event, if it still can. */
  | { readonly _tag: "Before"; readonly faults: ReadonlyArray<Fault> }
  /** Leaves it waiting until it is released; what else is possible goes on. */
  | { readonly _tag: "Hold" }

export interface Rule {
  /** How often it struck. */
  readonly struck: number
  /** It strikes no more; what it holds goes on. */
  readonly clear: () => void
}

interface State {
  readonly fits: RegExp
  readonly strike: Strike
  left: number
  struck: number
  /** What is held, by the text of the event. */
  readonly held: Set<string>
}

export class FaultPlan {
  private readonly rules: Array<State> = []
  private readonly world: Simulation
  /** Everything that was fired, faults and all, in order. */
  readonly events: Array<WorldEvent> = []

  constructor(world: Simulation) {
    this.world = world
  }

  /** Strikes the next `times` events that fit, or each one until it is cleared. */
  rule(fits: RegExp, strike: Strike, times: number | "untilCleared" = 1): Rule {
    const state: State = {
      fits,
      strike,
      left: times === "untilCleared" ? Number.POSITIVE_INFINITY : times,
      struck: 0,
      held: new Set()
    }
    this.rules.push(state)
    return {
      get struck() {
        return state.struck
      },
      clear: () => {
        state.left = 0
        state.held.clear()
      }
    }
  }

  /** Fires what is due and not held, until `done`; throws `Deadlock` when nothing else can happen. */
  runUntil(done: () => boolean, maximumEvents = 100_000): void {
    for (let count = 0; !done(); count++) {
      if (count >= maximumEvents) throw new Livelock(`not done after ${count} events under the plan`)
      if (!this.step()) throw new Deadlock("nothing can happen any more, but for what the plan holds")
    }
  }

  /** Fires the first event that is due and not held; false when there is none. */
  step(): boolean {
    for (const event of this.world.enabled()) {
      if (this.holds(event)) continue
      for (const rule of this.rules) {
        if (rule.strike._tag === "Hold" || !this.strikes(rule, event)) continue
        if (rule.strike._tag === "Before") {
          for (const fault of rule.strike.faults) if (this.world.canHappen(fault)) this.fire(fault)
        }
      }
      if (this.world.canHappen(event)) this.fire(event)
      return true
    }
    return false
  }

  private holds(event: WorldEvent): boolean {
    const text = show(event)
    return this.rules.some((rule) => {
      if (rule.strike._tag !== "Hold") return false
      if (rule.held.has(text)) return true
      if (!this.strikes(rule, event)) return false
      rule.held.add(text)
      return true
    })
  }

  private strikes(rule: State, event: WorldEvent): boolean {
    if (rule.left === 0 || !rule.fits.test(show(event))) return false
    rule.left--
    rule.struck++
    return true
  }

  private fire(event: WorldEvent): void {
    this.events.push(event)
    this.world.fire(event)
  }
}
