/** A walk over a grid, right or up, which by its name fails far out: what searches by several threads must tell. */
import { action, type Machine } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

interface State {
  readonly x: number
  readonly y: number
}

const edge = 40
const far = ({ x, y }: State): boolean => x + y === 60 && x === 30

/** `whole` never fails; `outside` leaves its schema; `step` and `property` throw. */
export const machineOf = (name: string): Machine<State> => ({
  name: "Grid",
  constants: {},
  variables: S.record({ x: S.range(0, edge), y: S.range(0, edge) }),
  initial: [{ x: 0, y: 0 }],
  actions: {
    Right: action([], (s: State) => {
      if (name === "step" && far(s)) throw new Error("no step from here")
      return s.x < edge ? { ...s, x: name === "outside" && far(s) ? 99 : s.x + 1 } : undefined
    }),
    Up: action([], (s: State) => s.y < edge ? { ...s, y: s.y + 1 } : undefined)
  },
  always: {
    Near: (s) => {
      if (name === "property" && far(s)) throw new Error("no judgement of this")
      return true
    }
  },
  alwaysStep: {},
  sometimes: {},
  reachableFromAll: {}
})
