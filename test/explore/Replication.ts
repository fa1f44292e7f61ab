/**
 * One Kafka partition on three brokers, metadata in ZooKeeper: twin of bench/replication/Replication.tla. It proves the
 * explorer and is what the bench times; it is no model of the project, since its Fetch and Truncate are atomic round trips
 * that no node can play.
 *
 * A broker's slice of a variable stands at index broker - 1; an epoch is an index into `lai`, the LeaderAndIsr requests.
 * Authority: KIP-101 (leader epochs, truncation), kafka.cluster.Partition and kafka.controller of Kafka 3.9.
 */
import * as Domain from "../../src/machine/Domain.ts"
import { action, type Machine } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

type Broker = number
type Entry = readonly [epoch: number, value: number]
type Role = "down" | "idle" | "leader" | "trunc" | "follower"
interface Partition {
  readonly leader: Broker
  readonly isr: ReadonlyArray<Broker>
}
export interface State {
  readonly log: ReadonlyArray<ReadonlyArray<Entry>>
  readonly flushed: ReadonlyArray<number>
  readonly hw: ReadonlyArray<number>
  readonly role: ReadonlyArray<Role>
  readonly ep: ReadonlyArray<number>
  readonly isr: ReadonlyArray<ReadonlyArray<Broker>>
  readonly leo: ReadonlyArray<ReadonlyArray<number>>
  readonly start: ReadonlyArray<number>
  readonly zk: Partition
  readonly lai: ReadonlyArray<Partition>
  readonly session: ReadonlyArray<Broker>
  readonly ctrl: Broker
  readonly acked: ReadonlyArray<number>
  readonly next: number
  readonly crashes: number
  readonly expires: number
}

export interface Constants {
  readonly MaxRecords: number
  readonly MaxEpoch: number
  readonly MaxCrash: number
  readonly MaxExpire: number
  readonly LoseUnflushed: boolean
  /** The guard of ExpandIsr that a follower has caught up to where the leader's epoch began. */
  readonly ExpandFromEpochStart?: boolean
}

const brokers: ReadonlyArray<Broker> = [1, 2, 3]
const nobody: ReadonlyArray<Broker> = []
const zeros: ReadonlyArray<number> = [0, 0, 0]

const put = <A>(slices: ReadonlyArray<A>, broker: Broker, slice: A): ReadonlyArray<A> => {
  const copy = slices.slice()
  copy[broker - 1] = slice
  return copy
}
const at = <A>(slices: ReadonlyArray<A>, broker: Broker): A => slices[broker - 1]!
const without = (set: ReadonlyArray<number>, element: number): ReadonlyArray<number> => set.filter((x) => x !== element)
const including = (set: ReadonlyArray<number>, element: number): ReadonlyArray<number> => {
  const before = set.filter((x) => x < element)
  return set.includes(element) ? set : [...before, element, ...set.slice(before.length)]
}

const leaderOf = (s: State, b: Broker): Broker => at(s.ep, b) === 0 ? 0 : at(s.lai, at(s.ep, b)).leader
const isAlive = (s: State, b: Broker): boolean => at(s.role, b) !== "down"
const controllerIsUp = (s: State): boolean => s.session.includes(s.ctrl) && isAlive(s, s.ctrl)
/** ZooKeeper takes a leader's conditional write: it leads by the last epoch and its session lives. */
const mayWrite = (s: State, l: Broker): boolean =>
  s.zk.leader === l && at(s.ep, l) === s.lai.length && s.session.includes(l)
const follows = (s: State, f: Broker, l: Broker, role: Role): boolean =>
  f !== l && at(s.role, f) === role && at(s.role, l) === "leader" && at(s.ep, f) === at(s.ep, l) && leaderOf(s, f) === l
/** Entries up to and including an epoch; epochs never descend in a log. */
const endOf = (log: ReadonlyArray<Entry>, epoch: number): number => {
  let end = 0
  while (end < log.length && log[end]![0] <= epoch) end++
  return end
}
const sameEntry = (a: Entry, b: Entry): boolean => a[0] === b[0] && a[1] === b[1]

const withIsr = (s: State, l: Broker, isr: ReadonlyArray<Broker>): State => {
  const zk = { leader: s.zk.leader, isr }
  return { ...s, isr: put(s.isr, l, isr), zk, lai: put(s.lai, s.lai.length, zk) }
}
const withEpoch = (s: State, zk: Partition): State => ({ ...s, zk, lai: [...s.lai, zk] })

const actionsOf = (c: Constants) => {
  const epochs = Domain.integers(1, c.MaxEpoch)
  return {
    Produce: action([brokers], (s: State, b) => {
      if (at(s.role, b) !== "leader" || s.next > c.MaxRecords) return undefined
      return { ...s, log: put(s.log, b, [...at(s.log, b), [at(s.ep, b), s.next]]), next: s.next + 1 }
    }),
    Flush: action([brokers], (s: State, b) => {
      const end = at(s.log, b).length
      if (!c.LoseUnflushed || !isAlive(s, b) || at(s.flushed, b) >= end) return undefined
      return { ...s, flushed: put(s.flushed, b, end) }
    }),
    Fetch: action([brokers, brokers], (s: State, f, l) => {
      if (!follows(s, f, l, "follower")) return undefined
      const end = at(s.log, f).length
      const entry = at(s.log, l)[end]
      const leo = put(s.leo, l, put(at(s.leo, l), f, end))
      if (entry === undefined) return { ...s, leo, hw: put(s.hw, f, Math.min(at(s.hw, l), end)) }
      const hw = put(s.hw, f, Math.min(at(s.hw, l), end + 1))
      return { ...s, leo, hw, log: put(s.log, f, [...at(s.log, f), entry]) }
    }),
    AdvanceHW: action([brokers], (s: State, l) => {
      if (at(s.role, l) !== "leader") return undefined
      const log = at(s.log, l)
      let hw = Infinity
      for (const b of at(s.isr, l)) hw = Math.min(hw, b === l ? log.length : at(at(s.leo, l), b))
      if (hw <= at(s.hw, l)) return undefined
      let acked = s.acked
      for (const [, value] of log.slice(0, hw)) acked = including(acked, value)
      return { ...s, hw: put(s.hw, l, hw), acked }
    }),
    ShrinkIsr: action([brokers, brokers], (s: State, l, f) => {
      if (at(s.role, l) !== "leader" || f === l || !at(s.isr, l).includes(f) || !mayWrite(s, l)) return undefined
      if (at(at(s.leo, l), f) >= at(s.log, l).length) return undefined
      return withIsr(s, l, without(at(s.isr, l), f))
    }),
    ExpandIsr: action([brokers, brokers], (s: State, l, f) => {
      if (at(s.role, l) !== "leader" || f === l || at(s.isr, l).includes(f) || !mayWrite(s, l)) return undefined
      if (at(s.role, f) !== "follower" || at(s.ep, f) !== at(s.ep, l)) return undefined
      const end = at(at(s.leo, l), f)
      const from = (c.ExpandFromEpochStart ?? true) ? at(s.start, l) : 0
      if (end < at(s.hw, l) || end < from) return undefined
      return withIsr(s, l, including(at(s.isr, l), f))
    }),
    Elect: action([brokers], (s: State, b) => {
      if (!controllerIsUp(s) || s.lai.length >= c.MaxEpoch || s.session.includes(s.zk.leader)) return undefined
      if (!s.zk.isr.includes(b) || !s.session.includes(b)) return undefined
      return withEpoch(s, { leader: b, isr: s.zk.isr.filter((x) => s.session.includes(x)) })
    }),
    CtrlShrink: action([brokers], (s: State, f) => {
      if (!controllerIsUp(s) || s.lai.length >= c.MaxEpoch || !s.session.includes(s.zk.leader)) return undefined
      if (!s.zk.isr.includes(f) || s.session.includes(f)) return undefined
      return withEpoch(s, { leader: s.zk.leader, isr: without(s.zk.isr, f) })
    }),
    CtrlFailover: action([brokers], (s: State, b) => {
      if (s.session.includes(s.ctrl) || !s.session.includes(b) || !isAlive(s, b)) return undefined
      return { ...s, ctrl: b }
    }),
    BecomeLeader: action([brokers, epochs], (s: State, b, e) => {
      if (!isAlive(s, b) || e <= at(s.ep, b) || e > s.lai.length || at(s.lai, e).leader !== b) return undefined
      return {
        ...s,
        role: put<Role>(s.role, b, "leader"),
        ep: put(s.ep, b, e),
        isr: put(s.isr, b, at(s.lai, e).isr),
        leo: put(s.leo, b, zeros),
        start: put(s.start, b, at(s.log, b).length)
      }
    }),
    BecomeFollower: action([brokers, epochs], (s: State, b, e) => {
      if (!isAlive(s, b) || e <= at(s.ep, b) || e > s.lai.length || at(s.lai, e).leader === b) return undefined
      return {
        ...s,
        role: put<Role>(s.role, b, "trunc"),
        ep: put(s.ep, b, e),
        isr: put(s.isr, b, nobody),
        leo: put(s.leo, b, zeros),
        start: put(s.start, b, 0)
      }
    }),
    Truncate: action([brokers, brokers], (s: State, f, l) => {
      if (!follows(s, f, l, "trunc")) return undefined
      const [mine, theirs] = [at(s.log, f), at(s.log, l)]
      const wanted = mine.at(-1)?.[0] ?? 0
      const known = theirs[endOf(theirs, wanted) - 1]?.[0] ?? 0
      const end = Math.min(endOf(theirs, known), endOf(mine, known))
      return {
        ...s,
        log: put(s.log, f, mine.slice(0, end)),
        hw: put(s.hw, f, Math.min(at(s.hw, f), end)),
        flushed: put(s.flushed, f, Math.min(at(s.flushed, f), end)),
        role: put<Role>(s.role, f, "follower")
      }
    }),
    Crash: action([brokers], (s: State, b) => {
      if (!isAlive(s, b) || s.crashes >= c.MaxCrash) return undefined
      const end = c.LoseUnflushed ? at(s.flushed, b) : at(s.log, b).length
      return {
        ...s,
        crashes: s.crashes + 1,
        log: put(s.log, b, at(s.log, b).slice(0, end)),
        hw: put(s.hw, b, Math.min(at(s.hw, b), end)),
        role: put<Role>(s.role, b, "down"),
        ep: put(s.ep, b, 0),
        isr: put(s.isr, b, nobody),
        leo: put(s.leo, b, zeros),
        start: put(s.start, b, 0)
      }
    }),
    Restart: action([brokers], (s: State, b) => {
      if (isAlive(s, b) || s.session.includes(b)) return undefined
      return {
        ...s,
        role: put<Role>(s.role, b, "idle"),
        session: including(s.session, b),
        ep: put(s.ep, b, s.lai.length - 1)
      }
    }),
    Expire: action([brokers], (s: State, b) => {
      if (!s.session.includes(b)) return undefined
      if (!isAlive(s, b)) return { ...s, session: without(s.session, b) }
      return s.expires >= c.MaxExpire
        ? undefined
        : { ...s, session: without(s.session, b), expires: s.expires + 1 }
    }),
    Rejoin: action([brokers], (s: State, b) => {
      if (!isAlive(s, b) || s.session.includes(b)) return undefined
      return { ...s, session: including(s.session, b) }
    })
  }
}

const everyPair = (holds: (a: Broker, b: Broker) => boolean): boolean => {
  for (const a of brokers) for (const b of brokers) if (a < b && !holds(a, b)) return false
  return true
}
const agreeUpTo = (a: ReadonlyArray<Entry>, b: ReadonlyArray<Entry>, end: number): boolean => {
  for (let i = 0; i < end; i++) if (!sameEntry(a[i]!, b[i]!)) return false
  return true
}

const always = {
  TypeOK: (s: State) =>
    brokers.every((b) =>
      at(s.hw, b) <= at(s.log, b).length && at(s.flushed, b) <= at(s.log, b).length && at(s.ep, b) <= s.lai.length
    ),
  AckedInIsr: (s: State) =>
    s.acked.length === 0 ||
    including(s.zk.isr, s.zk.leader).every((b) => s.acked.every((v) => at(s.log, b).some((entry) => entry[1] === v))),
  HwAgree: (s: State) => everyPair((a, b) => agreeUpTo(at(s.log, a), at(s.log, b), Math.min(at(s.hw, a), at(s.hw, b)))),
  LogMatching: (s: State) =>
    everyPair((a, b) => {
      const [one, two] = [at(s.log, a), at(s.log, b)]
      for (let i = Math.min(one.length, two.length) - 1; i >= 0; i--) {
        if (one[i]![0] === two[i]![0]) return agreeUpTo(one, two, i + 1)
      }
      return true
    })
}

const variablesOf = (c: Constants) => {
  const perBroker = <A>(of: S.StateSchema<A>) => S.functionOver(brokers, of)
  const offset = S.range(0, c.MaxRecords)
  const someBrokers = S.subset(Domain.integers(1, brokers.length))
  const partition = S.record({ leader: S.range(1, brokers.length), isr: someBrokers })
  return S.record({
    log: perBroker(S.sequence(c.MaxRecords, S.tuple(S.range(1, c.MaxEpoch), S.range(1, c.MaxRecords)))),
    flushed: perBroker(offset),
    hw: perBroker(offset),
    role: perBroker(S.oneOf("down", "idle", "leader", "trunc", "follower")),
    ep: perBroker(S.range(0, c.MaxEpoch)),
    isr: perBroker(someBrokers),
    leo: perBroker(perBroker(offset)),
    start: perBroker(offset),
    zk: partition,
    lai: S.sequence(c.MaxEpoch, partition),
    session: someBrokers,
    ctrl: S.range(1, brokers.length),
    acked: S.subset(Domain.integers(1, c.MaxRecords)),
    next: S.range(1, c.MaxRecords + 1),
    crashes: S.range(0, c.MaxCrash),
    expires: S.range(0, c.MaxExpire)
  })
}

const first: Partition = { leader: 1, isr: brokers }
const initial: State = {
  log: [[], [], []],
  flushed: zeros,
  hw: zeros,
  role: ["idle", "idle", "idle"],
  ep: zeros,
  isr: [nobody, nobody, nobody],
  leo: [zeros, zeros, zeros],
  start: zeros,
  zk: first,
  lai: [first],
  session: brokers,
  ctrl: 1,
  acked: [],
  next: 1,
  crashes: 0,
  expires: 0
}

/** The machine of these constants. */
export const replication = (c: Constants): Machine<State> => ({
  name: "Replication",
  constants: { ...c },
  variables: variablesOf(c),
  initial: [initial],
  actions: actionsOf(c),
  always,
  alwaysStep: {},
  sometimes: {},
  reachableFromAll: {}
})

const bounds = (MaxRecords: number, MaxEpoch: number, MaxCrash: number, MaxExpire: number): Constants => ({
  MaxRecords,
  MaxEpoch,
  MaxCrash,
  MaxExpire,
  LoseUnflushed: false
})

/** The configurations that were measured, by their names. */
export const configurations = {
  S1: bounds(1, 2, 1, 0),
  M1: bounds(2, 2, 1, 0),
  S2: bounds(2, 2, 1, 1),
  S3: bounds(2, 3, 1, 1)
} as const

/** The machine of a configuration's name, for threads that build their own. */
export const machineOf = (name: string): Machine<State> =>
  replication(configurations[name as keyof typeof configurations])
