/**
 * A run of a cluster as the list of what happened in it, and such a list run again.
 *
 * The decision: what clients, operators and the environment do stands in one list with the events of the world, so that a
 * run which broke something shrinks by leaving out any of them; what is no longer possible is skipped.
 */
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import type { ControllerEvent } from "../../kafka/rules/ControllerTurn.ts"
import { show as showEvent, type WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { type Deployment, drive, type Driven, type Run } from "./ElectionCluster.ts"

export type Step =
  | WorldEvent
  | { readonly _tag: "Produce"; readonly partition: number }
  | { readonly _tag: "DeleteController" }
  | { readonly _tag: "Request"; readonly request: ControllerEvent }
  | { readonly _tag: "Interrupt" | "Stop"; readonly broker: number }

/** What a run is made of, but for what happens in it. */
export interface Plan {
  readonly guards: ElectionGuards
  readonly deployment: Deployment
  readonly seed: number
  /** What is done after the steps, and is none of them: it is done again after fewer steps. */
  readonly afterwards?: (run: Driven) => void
  /** Hears each step that a node reports after the start, in words. */
  readonly observe?: (did: string) => void
}

export interface Recorded {
  readonly run: Run
  readonly steps: ReadonlyArray<Step>
  /** How many of the steps it took until the event of this number, counted from the beginning of the world. */
  readonly stepsUntil: (event: number) => number
}

/** A run of which each step is kept. */
const keeping = (driven: Driven, keep: (step: Step) => void): Driven => {
  const { world } = driven
  const fire = (event: WorldEvent): void => {
    driven.fire(event)
    keep(event)
  }
  return {
    ...driven,
    fire,
    runFor: (millis) => {
      const until = world.nowMicros + millis * 1000
      while (world.nowMicros < until) fire(world.enabled()[0]!)
    },
    produce: (partition) => {
      driven.produce(partition)
      keep({ _tag: "Produce", partition })
    },
    deleteController: () => {
      driven.deleteController()
      keep({ _tag: "DeleteController" })
    },
    request: (request) => {
      driven.request(request)
      keep({ _tag: "Request", request })
    },
    interrupt: (broker) => {
      driven.interrupt(broker)
      keep({ _tag: "Interrupt", broker })
    },
    stop: (broker) => {
      driven.stop(broker)
      keep({ _tag: "Stop", broker })
    }
  }
}

/** Runs, and records each step of it; `done` hears of each one, with the run as it is after it. */
export const record = (
  { afterwards, deployment, guards, observe, seed }: Plan,
  act: (run: Driven) => void,
  done?: (run: Driven, step: Step) => void
): Recorded => {
  const steps: Array<Step> = []
  const fired: Array<number> = []
  let isStarted = false
  const play = (driven: Driven): void => {
    isStarted = true
    act(keeping(driven, (step) => {
      steps.push(step)
      fired.push(driven.world.fired)
      done?.(driven, step)
    }))
    afterwards?.(driven)
  }
  const run = drive(guards, seed, play, deployment, (did) => isStarted ? observe?.(did) : undefined)
  return { run, steps, stepsUntil: (event) => fired.filter((each) => each < event).length + 1 }
}

const carryOut = (run: Driven, step: Step): void => {
  switch (step._tag) {
    case "Produce":
      return run.produce(step.partition)
    case "DeleteController":
      return run.deleteController()
    case "Request":
      return run.request(step.request)
    case "Interrupt":
      return run.interrupt(step.broker)
    case "Stop":
      return run.stop(step.broker)
    default:
      return run.world.canHappen(step) ? run.fire(step) : undefined
  }
}

/** Runs steps again, but for those that are no longer possible. */
export const repeat = (plan: Plan, steps: ReadonlyArray<Step>, done?: (run: Driven, step: Step) => void): Recorded =>
  record(plan, (run) => {
    for (const step of steps) carryOut(run, step)
  }, done)

/** A step in words. */
export const show = (step: Step): string => {
  switch (step._tag) {
    case "Produce":
      return `a producer sends to partition ${step.partition}`
    case "DeleteController":
      return "an operator deletes /controller"
    case "Request":
      return `the controller is asked for ${JSON.stringify(step.request)}`
    case "Interrupt":
      return `the next order that broker ${step.broker} takes is taken half`
    case "Stop":
      return `broker ${step.broker} ends cleanly`
    default:
      return showEvent(step)
  }
}
