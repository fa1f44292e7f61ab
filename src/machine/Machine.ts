/**
 * What a model is: initial states, action families, properties, all plain TypeScript over readonly data.
 *
 * The decision: an action is a function of a state and of parameters over constant sets, with one successor or none, as
 * `\E p \in S : Action(p)` of a spec whose `Action` has no choice inside. So a label (action and arguments) names a step,
 * a state and a list of labels is a behaviour, and the labelled graph can be compared with TLC's.
 *
 *     initial --label--> state --label--> state ...        label = action name and one argument for each parameter
 *
 * Constants, guards among them, are what the function that builds a machine takes: a guard is a boolean that the steps
 * read. Names of variables, actions, parameters and properties are those of the TLA+ module (Lamport, Specifying Systems).
 */
import { type Argument, type Domain, type ElementOf, elementsOf } from "./Domain.ts"
import type { RecordSchema } from "./StateSchema.ts"

/** An action family: its parameters' constant sets, and the step of one instance of it. */
export interface Action<State> {
  readonly over: ReadonlyArray<Domain>
  /** The successor, or nothing where the action is not enabled. */
  readonly step: (state: State, ...args: ReadonlyArray<never>) => State | undefined
}

/** One instance of an action. */
export interface Label {
  readonly action: string
  readonly args: ReadonlyArray<Argument>
}

/** Names and what each stands for. */
export type Named<A> = Readonly<Record<string, A>>

/** A constant of the module as the machine was built with it. */
export type Constant = boolean | number | string | ReadonlyArray<Constant>

/** A closed state machine: twin of one TLA+ module under one choice of its constants. */
export interface Machine<State> {
  /** The module's name. */
  readonly name: string
  readonly constants: Named<Constant>
  readonly variables: RecordSchema<State>
  readonly initial: ReadonlyArray<State>
  readonly actions: Named<Action<State>>
  /** True in every state. */
  readonly always: Named<(state: State) => boolean>
  /** True in some state: a run that is green without having reached it says less than it seems to. */
  readonly sometimes: Named<(state: State) => boolean>
  /** True of every step: `[][A]_vars`. */
  readonly alwaysStep: Named<(before: State, label: Label, after: State) => boolean>
  /** True of some step, as `sometimes` is of some state. */
  readonly sometimesStep?: Named<(before: State, label: Label, after: State) => boolean>
  /** From every state some behaviour leads to a state in which it is true. */
  readonly reachableFromAll: Named<(state: State) => boolean>
}

type Arguments<Domains extends ReadonlyArray<Domain>> = {
  readonly [Index in keyof Domains]: ElementOf<Domains[Index]>
}

/** An action family over these constant sets: `action([Brokers, Brokers], (state: State, follower, leader) => ...)`. */
export const action = <State, const Domains extends ReadonlyArray<Domain>>(
  over: Domains,
  step: (state: State, ...args: Arguments<Domains>) => State | undefined
): Action<State> => ({ over, step: step as Action<State>["step"] })

/** The label of an instance. */
export const label = (action: string, ...args: ReadonlyArray<Argument>): Label => ({ action, args })

/** A label as TLA+ writes the instance: `Fetch(2,1)`, `Publish("orders")`, and without parameters `Connect()`. */
export const showLabel = ({ action, args }: Label): string =>
  `${action}(${args.map((arg) => typeof arg === "string" ? JSON.stringify(arg) : String(arg)).join(",")})`

/** Every instance, in the order of the actions and of their domains. Throws a `RangeError` where a domain is infinite. */
export const labelsOf = <State>(machine: Machine<State>): ReadonlyArray<Label> =>
  Object.entries(machine.actions).flatMap(([name, { over }]) =>
    over.reduce<ReadonlyArray<ReadonlyArray<Argument>>>(
      (tuples, domain) => tuples.flatMap((args) => elementsOf(domain).map((element) => [...args, element])),
      [[]]
    ).map((args) => ({ action: name, args }))
  )

/** The successor by this label, or nothing where it is not enabled. Throws a `RangeError` for an action that is not there. */
export const step = <State>(machine: Machine<State>, state: State, label: Label): State | undefined => {
  const family = machine.actions[label.action]
  if (family === undefined) {
    throw new RangeError(
      `${machine.name} has no action ${label.action}: it has ${Object.keys(machine.actions).join(", ")}`
    )
  }
  return family.step(state, ...label.args as ReadonlyArray<never>)
}
