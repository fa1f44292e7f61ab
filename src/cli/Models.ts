/** The models that the command line knows by name: those of the panels, each with its configurations. */
import type { Machine } from "../machine/Machine.ts"

export interface Model {
  readonly name: string
  /** Builds the machine of each configuration. */
  readonly configurations: Readonly<Record<string, () => Machine<unknown>>>
}

/** Every model that is there. */
export const models: ReadonlyArray<Model> = []
