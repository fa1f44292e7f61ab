/**
 * The twin of spec/rocketmq/ProducerRouting.tla: same variables, actions, parameters and property names.
 *
 * The decision: the index of the turn is kept modulo the number of masters, which is 1 or 2, so that it means the same
 * for every list that a route can give.
 */
import { action, type Machine } from "../../machine/Machine.ts"
import * as S from "../../machine/StateSchema.ts"
import { upTo } from "../rules/Deployment.ts"
import { atIndex, byHash, listed, nextIndex } from "../rules/QueueSelection.ts"

/** The module's constants. */
export interface ProducerConstants {
  readonly StaticOrderConf: boolean
  readonly ByKey: boolean
  readonly AvoidFaulty: boolean
  readonly MasterCount: 1 | 2
  readonly KeyHash: number
  readonly MaxValues: number
  readonly MaxTries: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<"Freeze">
}

type Numbers = ReadonlyArray<number>

/** A send under way: the value, the master that was asked, and which try it is. */
interface Sending {
  readonly value: number
  readonly to: number
  readonly tries: number
}

/** The module's variables; arrays count from master 1, sets ascend. */
export interface ProducerState {
  readonly up: ReadonlyArray<boolean>
  readonly route: Numbers
  readonly cache: Numbers
  readonly index: number
  readonly next: number
  readonly sending: ReadonlyArray<Sending>
  readonly faulty: Numbers
  readonly asked: ReadonlyArray<Numbers>
  readonly told: Numbers
  readonly stored: ReadonlyArray<Numbers>
  readonly consumed: Numbers
  readonly acked: Numbers
  readonly delivered: Numbers
  readonly faults: number
}

const at = <A>(array: ReadonlyArray<A>, i: number): A => array[i - 1]!
const put = <A>(array: ReadonlyArray<A>, i: number, value: A): ReadonlyArray<A> => array.with(i - 1, value)
const including = (set: Numbers, m: number): Numbers => set.includes(m) ? set : [...set, m].sort((x, y) => x - y)
const excluding = (set: Numbers, m: number): Numbers => set.filter((other) => other !== m)

const initialOf = (masters: Numbers): ProducerState => ({
  up: masters.map(() => true),
  route: masters,
  cache: masters,
  index: 0,
  next: 1,
  sending: [],
  faulty: [],
  asked: masters.map(() => []),
  told: [],
  stored: masters.map(() => []),
  consumed: masters.map(() => 0),
  acked: [],
  delivered: [],
  faults: 0
})

const variablesOf = (c: ProducerConstants, masters: Numbers): S.RecordSchema<ProducerState> => {
  const value = S.range(1, c.MaxValues)
  const attempts = c.MaxValues * c.MaxTries
  const master = S.range(1, c.MasterCount)
  const values = S.functionOver(masters, S.sequence(attempts, value))
  return S.record({
    up: S.functionOver(masters, S.boolean),
    route: S.subset(masters),
    cache: S.subset(masters),
    index: S.range(0, c.MasterCount - 1),
    next: S.range(1, c.MaxValues + 1),
    sending: S.sequence(1, S.record({ value, to: master, tries: S.range(1, c.MaxTries) })),
    faulty: S.subset(masters),
    asked: values,
    told: S.sequence(1, value),
    stored: values,
    consumed: S.functionOver(masters, S.range(0, attempts)),
    acked: S.subset(upTo(c.MaxValues)),
    delivered: S.sequence(attempts, value),
    faults: S.range(0, c.MaxFaults)
  })
}

/** The machine of the module under a choice of its constants. */
export const producerRouting = (c: ProducerConstants): Machine<ProducerState> => {
  type State = ProducerState
  const masters = upTo(c.MasterCount)
  const values = upTo(c.MaxValues)
  const queuesOf = (s: State) => listed(masters, s.cache, c.StaticOrderConf)
  const attempt = (s: State, value: number, last: number, tries: number): State => {
    const queues = queuesOf(s)
    const wanted = (m: number) => c.AvoidFaulty ? !s.faulty.includes(m) : m !== last
    // Two steps even where the list has one queue: the index then means the same for every list.
    const turns = masters.map((m) => atIndex(queues, m - 1))
    const index = c.ByKey ? s.index : nextIndex(turns, s.index, wanted) % c.MasterCount
    const to = c.ByKey ? byHash(queues, c.KeyHash) : atIndex(queues, index)
    return {
      ...s,
      index,
      sending: [{ value, to, tries }],
      asked: s.cache.includes(to) ? put(s.asked, to, [...at(s.asked, to), value]) : s.asked
    }
  }
  const failing = (s: State): Sending | undefined => {
    const [sending] = s.sending
    return sending === undefined || (at(s.up, sending.to) && s.cache.includes(sending.to)) ? undefined : sending
  }
  const blamed = (s: State, { to }: Sending): State => ({
    ...s,
    told: [],
    faulty: c.AvoidFaulty ? including(s.faulty, to) : s.faulty
  })
  const isIn = (all: ReadonlyArray<Numbers>, value: number) => all.some((queue) => queue.includes(value))
  return {
    name: "ProducerRouting",
    constants: { ...c },
    variables: variablesOf(c, masters),
    initial: [initialOf(masters)],
    actions: {
      Send: action([values], (s: State, v) =>
        v !== s.next || s.sending.length > 0 || queuesOf(s).length === 0
          ? undefined
          : { ...attempt(s, v, 0, 1), next: v + 1 }),
      Acknowledged: action([], (s: State) => {
        const [value] = s.told
        return value === undefined ? undefined : { ...s, acked: including(s.acked, value), told: [], sending: [] }
      }),
      Retry: action([], (s: State) => {
        const failed = failing(s)
        if (failed === undefined || c.ByKey || failed.tries >= c.MaxTries || queuesOf(s).length === 0) return undefined
        return attempt(blamed(s, failed), failed.value, failed.to, failed.tries + 1)
      }),
      GiveUp: action([], (s: State) => {
        const failed = failing(s)
        if (failed === undefined || !(c.ByKey || failed.tries === c.MaxTries)) return undefined
        return { ...blamed(s, failed), sending: [] }
      }),
      Forgive: action(
        [masters],
        (s: State, m) => s.faulty.includes(m) ? { ...s, faulty: excluding(s.faulty, m) } : undefined
      ),
      Refresh: action(
        [],
        (s: State) => s.route.length === 0 || s.route.join() === s.cache.join() ? undefined : { ...s, cache: s.route }
      ),
      Store: action([masters], (s: State, m) => {
        const [value, ...rest] = at(s.asked, m)
        if (!at(s.up, m) || value === undefined) return undefined
        const waits = s.sending[0]?.value === value && s.sending[0].to === m
        return {
          ...s,
          stored: put(s.stored, m, [...at(s.stored, m), value]),
          told: waits ? [value] : s.told,
          asked: put(s.asked, m, rest)
        }
      }),
      Consume: action([masters], (s: State, m) => {
        const value = at(s.stored, m)[at(s.consumed, m)]
        return !at(s.up, m) || value === undefined ? undefined : {
          ...s,
          consumed: put(s.consumed, m, at(s.consumed, m) + 1),
          delivered: [...s.delivered, value]
        }
      }),
      Freeze: action(
        [masters],
        (s: State, m) =>
          s.faults < c.MaxFaults && c.FaultKinds.includes("Freeze") && at(s.up, m)
            ? { ...s, up: put(s.up, m, false), faults: s.faults + 1 }
            : undefined
      ),
      Thaw: action([masters], (s: State, m) => at(s.up, m) ? undefined : { ...s, up: put(s.up, m, true) }),
      Leave: action(
        [masters],
        (s: State, m) => !at(s.up, m) && s.route.includes(m) ? { ...s, route: excluding(s.route, m) } : undefined
      ),
      Return: action(
        [masters],
        (s: State, m) => at(s.up, m) && !s.route.includes(m) ? { ...s, route: including(s.route, m) } : undefined
      )
    },
    always: {
      AckedIsStored: (s) => s.acked.every((value) => isIn(s.stored, value)),
      KeyOrder: (s) => s.delivered.every((value, i) => i === 0 || s.delivered[i - 1]! <= value),
      StoredOnce: (s) => values.every((value) => s.stored.flat().filter((other) => other === value).length <= 1)
    },
    alwaysStep: {
      AvoidsFaulty: (s, _, t) => {
        const [made] = t.sending
        if (
          c.ByKey || !c.AvoidFaulty || made === undefined || JSON.stringify(t.sending) === JSON.stringify(s.sending)
        ) {
          return true
        }
        return !t.faulty.includes(made.to) || queuesOf(s).every((m) => t.faulty.includes(m))
      }
    },
    sometimes: {},
    reachableFromAll: {}
  }
}
