/**
 * The twin of spec/rocketmq/ProducerRouting.tla: same variables, actions, parameters and property names.
 *
 * The decision: the index of the turn is kept modulo a number that the length of every list that a route can give
 * divides, so that it means the same for each.
 */
import { action, type Machine } from "../../machine/Machine.ts"
import * as S from "../../machine/StateSchema.ts"
import { upTo } from "../rules/Deployment.ts"
import { atIndex, byHash, lap, listed, nextIndex } from "../rules/QueueSelection.ts"

/** The module's constants. */
export interface ProducerConstants {
  readonly StaticOrderConf: boolean
  readonly ByKey: boolean
  readonly AvoidFaulty: boolean
  readonly MasterCount: 1 | 2
  readonly KeyHash: number
  readonly MaxValues: number
  readonly MaxTries: number
  readonly MaxResends: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<"Freeze" | "Kill">
}

type Numbers = ReadonlyArray<number>

/** A send under way: the value, the master that was picked, which try it is, and whether the request is out. */
interface Sending {
  readonly value: number
  readonly to: number
  readonly tries: number
  readonly phase: "dialing" | "asked" | "unaddressed"
}

/** The module's variables; arrays count from master 1, sets ascend. */
export interface ProducerState {
  readonly status: ReadonlyArray<"up" | "frozen" | "dead">
  readonly route: Numbers
  readonly cache: Numbers
  readonly index: number
  readonly next: number
  readonly again: number
  readonly sending: ReadonlyArray<Sending>
  readonly late: boolean
  readonly faulty: Numbers
  readonly asked: ReadonlyArray<Numbers>
  readonly owed: ReadonlyArray<Numbers>
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
  status: masters.map(() => "up"),
  route: masters,
  cache: masters,
  index: 0,
  next: 1,
  again: 0,
  sending: [],
  late: false,
  faulty: [],
  asked: masters.map(() => []),
  owed: masters.map(() => []),
  told: [],
  stored: masters.map(() => []),
  consumed: masters.map(() => 0),
  acked: [],
  delivered: [],
  faults: 0
})

const variablesOf = (c: ProducerConstants, masters: Numbers): S.RecordSchema<ProducerState> => {
  const value = S.range(1, c.MaxValues)
  const attempts = c.MaxValues * c.MaxTries * (c.MaxResends + 1)
  const master = S.range(1, c.MasterCount)
  const values = S.functionOver(masters, S.sequence(attempts, value))
  return S.record({
    status: S.functionOver(masters, S.oneOf("up", "frozen", "dead")),
    route: S.subset(masters),
    cache: S.subset(masters),
    index: S.range(0, lap(c.MasterCount) - 1),
    next: S.range(1, c.MaxValues + 1),
    again: S.range(0, c.MaxResends),
    sending: S.sequence(
      1,
      S.record({
        value,
        to: master,
        tries: S.range(1, c.MaxTries),
        phase: S.oneOf("dialing", "asked", "unaddressed")
      })
    ),
    late: S.boolean,
    faulty: S.subset(masters),
    asked: values,
    owed: S.functionOver(masters, S.sequence(1, value)),
    told: S.sequence(1, value),
    stored: values,
    consumed: S.functionOver(masters, S.range(0, attempts)),
    acked: S.subset(upTo(c.MaxValues)),
    delivered: S.sequence(attempts, value),
    faults: S.range(0, c.MaxFaults)
  })
}

type State = ProducerState

const isUp = (s: State, m: number): boolean => at(s.status, m) === "up"
const isSendingTo = (s: State, m: number): boolean => s.sending[0]?.to === m

const queuesOf = (c: ProducerConstants, masters: Numbers, s: State) => listed(masters, s.cache, c.StaticOrderConf)

/** What a try does to the state: it picks a queue, and a master that is not in the route has no address. */
const trying = (c: ProducerConstants, masters: Numbers) => (s: State, value: number, last: number, tries: number) => {
  const queues = queuesOf(c, masters, s)
  const wanted = (m: number) => c.AvoidFaulty ? !s.faulty.includes(m) : m !== last
  const index = c.ByKey ? s.index : nextIndex(queues, s.index, wanted) % lap(c.MasterCount)
  const to = c.ByKey ? byHash(queues, c.KeyHash) : atIndex(queues, index)
  const isKnown = s.cache.includes(to)
  const phase = isKnown ? "dialing" as const : "unaddressed" as const
  const late = s.late || (isKnown && at(s.status, to) === "frozen")
  return { ...s, index, sending: [{ value, to, tries, phase }], late }
}

/** The steps of the producer and of the application that uses it. */
const producerSteps = (c: ProducerConstants, masters: Numbers, values: Numbers) => {
  const hasQueues = (s: State) => queuesOf(c, masters, s).length > 0
  const tried = trying(c, masters)
  const isOver = (s: State) => s.next === 1 || s.acked.includes(s.next - 1) || s.again === c.MaxResends
  const refused = (s: State): Sending | undefined => {
    const [sending] = s.sending
    const refuses = sending?.phase === "unaddressed" || (sending && at(s.status, sending.to) === "dead")
    return refuses === true && s.told.length === 0 ? sending : undefined
  }
  const blamed = (s: State, { to }: Sending): State => ({
    ...s,
    faulty: c.AvoidFaulty ? including(s.faulty, to) : s.faulty
  })
  return {
    Send: action([values], (s: State, v) =>
      v !== s.next || s.sending.length > 0 || !hasQueues(s) || !isOver(s)
        ? undefined
        : { ...tried(s, v, 0, 1), next: v + 1, again: 0 }),
    Resend: action([], (s: State) =>
      s.sending.length > 0 || !hasQueues(s) || isOver(s)
        ? undefined
        : { ...tried(s, s.next - 1, 0, 1), again: s.again + 1 }),
    Ask: action([], (s: State) => {
      const [sending] = s.sending
      if (sending?.phase !== "dialing") return undefined
      const { to, value } = sending
      return {
        ...s,
        sending: [{ ...sending, phase: "asked" as const }],
        asked: at(s.status, to) === "dead" ? s.asked : put(s.asked, to, [...at(s.asked, to), value])
      }
    }),
    Acknowledged: action([], (s: State) => {
      const [value] = s.told
      if (value === undefined) return undefined
      return { ...s, acked: including(s.acked, value), told: [], sending: [], late: false }
    }),
    Retry: action([], (s: State) => {
      const failed = refused(s)
      if (failed === undefined || c.ByKey || failed.tries >= c.MaxTries || !hasQueues(s)) return undefined
      return tried(blamed(s, failed), failed.value, failed.to, failed.tries + 1)
    }),
    GiveUp: action([], (s: State) => {
      const [sending] = s.sending
      if (sending === undefined) return undefined
      const wasLast = refused(s) !== undefined && (c.ByKey || sending.tries === c.MaxTries)
      return s.late || wasLast ? { ...blamed(s, sending), told: [], sending: [], late: false } : undefined
    }),
    Forgive: action(
      [masters],
      (s: State, m) => s.faulty.includes(m) ? { ...s, faulty: excluding(s.faulty, m) } : undefined
    ),
    Refresh: action(
      [],
      (s: State) => s.route.length === 0 || s.route.join() === s.cache.join() ? undefined : { ...s, cache: s.route }
    )
  }
}

/** The steps of masters and of who reads from them. */
const masterSteps = (masters: Numbers) => ({
  Store: action([masters], (s: State, m) => {
    const [value, ...rest] = at(s.asked, m)
    if (!isUp(s, m) || value === undefined || at(s.owed, m).length > 0) return undefined
    return {
      ...s,
      stored: put(s.stored, m, [...at(s.stored, m), value]),
      owed: put(s.owed, m, [value]),
      asked: put(s.asked, m, rest)
    }
  }),
  Answer: action([masters], (s: State, m) => {
    const owed = at(s.owed, m)
    if (!isUp(s, m) || owed.length === 0) return undefined
    const isWaitedFor = isSendingTo(s, m) && s.sending[0]!.phase === "asked" && at(s.asked, m).length === 0
    return { ...s, told: isWaitedFor ? owed : s.told, owed: put(s.owed, m, []) }
  }),
  Consume: action([masters], (s: State, m) => {
    const value = at(s.stored, m)[at(s.consumed, m)]
    return !isUp(s, m) || value === undefined ? undefined : {
      ...s,
      consumed: put(s.consumed, m, at(s.consumed, m) + 1),
      delivered: [...s.delivered, value]
    }
  })
})

const environment = (c: ProducerConstants, masters: Numbers) => {
  const mayStrike = (s: State, kind: "Freeze" | "Kill") => s.faults < c.MaxFaults && c.FaultKinds.includes(kind)
  const becomes = (s: State, m: number, status: "up" | "frozen" | "dead"): State => ({
    ...s,
    status: put(s.status, m, status)
  })
  return {
    Freeze: action([masters], (s: State, m) =>
      !mayStrike(s, "Freeze") || !isUp(s, m) ? undefined : {
        ...becomes(s, m, "frozen"),
        late: s.late || (isSendingTo(s, m) && s.sending[0]!.phase !== "unaddressed"),
        faults: s.faults + 1
      }),
    Thaw: action([masters], (s: State, m) => at(s.status, m) === "frozen" ? becomes(s, m, "up") : undefined),
    Kill: action([masters], (s: State, m) =>
      !mayStrike(s, "Kill") || at(s.status, m) === "dead" ? undefined : {
        ...becomes(s, m, "dead"),
        asked: put(s.asked, m, []),
        owed: put(s.owed, m, []),
        faults: s.faults + 1
      }),
    Start: action(
      [masters],
      (s: State, m) => at(s.status, m) === "dead" && !isSendingTo(s, m) ? becomes(s, m, "up") : undefined
    ),
    Leave: action(
      [masters],
      (s: State, m) => !isUp(s, m) && s.route.includes(m) ? { ...s, route: excluding(s.route, m) } : undefined
    ),
    Return: action(
      [masters],
      (s: State, m) => isUp(s, m) && !s.route.includes(m) ? { ...s, route: including(s.route, m) } : undefined
    )
  }
}

const propertiesOf = (c: ProducerConstants, masters: Numbers, values: Numbers) => {
  const isIn = (all: ReadonlyArray<Numbers>, value: number) => all.some((queue) => queue.includes(value))
  return {
    always: {
      AckedIsStored: (s: State) => s.acked.every((value) => isIn(s.stored, value)),
      KeyOrder: (s: State) => s.delivered.every((value, i) => i === 0 || s.delivered[i - 1]! <= value),
      StoredOnce: (s: State) => values.every((value) => s.stored.flat().filter((other) => other === value).length <= 1)
    },
    alwaysStep: {
      AvoidsFaulty: (s: State, _: unknown, t: State) => {
        const [made] = t.sending
        const isTried = made !== undefined && made.phase !== "asked" &&
          JSON.stringify(t.sending) !== JSON.stringify(s.sending)
        if (c.ByKey || !c.AvoidFaulty || !isTried) return true
        return !t.faulty.includes(made.to) || queuesOf(c, masters, s).every((m) => t.faulty.includes(m))
      }
    }
  }
}

/** The machine of the module under a choice of its constants. */
export const producerRouting = (c: ProducerConstants): Machine<State> => {
  const masters = upTo(c.MasterCount)
  const values = upTo(c.MaxValues)
  return {
    name: "ProducerRouting",
    constants: { ...c },
    variables: variablesOf(c, masters),
    initial: [initialOf(masters)],
    actions: { ...producerSteps(c, masters, values), ...masterSteps(masters), ...environment(c, masters) },
    ...propertiesOf(c, masters, values),
    sometimes: {},
    reachableFromAll: {}
  }
}
