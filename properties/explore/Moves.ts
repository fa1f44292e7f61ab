/** Machines that move between places by a random table: what searches are held to their twins with. */
import { action, type Machine } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

export interface State {
  readonly at: number
  readonly seen: ReadonlyArray<number>
}

export const places = 12
/** Where each of three moves leads from each place; beyond the places it leads nowhere. */
export type Table = ReadonlyArray<ReadonlyArray<number>>

/** A machine that moves by this table, and notes whether it passed the first three places. */
export const moves = (table: Table, initial: ReadonlyArray<State> = [{ at: 0, seen: [0] }]): Machine<State> => ({
  name: "Moves",
  constants: {},
  variables: S.record({ at: S.range(0, places - 1), seen: S.subset([0, 1, 2]) }),
  initial,
  actions: {
    Move: action([[0, 1, 2]], (s: State, by) => {
      const to = table[s.at]?.[by]
      if (to === undefined || to >= places) return undefined
      const seen = to > 2 || s.seen.includes(to) ? s.seen : [...s.seen, to].sort((a, b) => a - b)
      return { at: to, seen }
    })
  },
  always: { NotThere: (s) => s.at !== places - 1 },
  alwaysStep: { NoWayBack: (before, _label, after) => before.at <= after.at + places / 2 },
  sometimes: { Far: (s) => s.at === places - 2, Everything: (s) => s.seen.length === 3 },
  sometimesStep: { Leap: (before, _label, after) => after.at === before.at + places - 3 },
  reachableFromAll: { Home: (s) => s.at === 0 }
})

/** The same from a text, for threads: the table, and after it the initial states. */
export const machineOf = (argument: string): Machine<State> => {
  const [table, initial] = JSON.parse(argument) as [Table, ReadonlyArray<State>]
  return moves(table, initial)
}
