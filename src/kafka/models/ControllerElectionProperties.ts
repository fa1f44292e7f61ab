/**
 * The properties of the model ControllerElection, by the names that the specification has for them.
 *
 * The decision: what holds of what ZooKeeper stores, what brokers believe and what clients were told are told apart, since
 * a controller that was deposed may believe what it likes as long as it cannot write.
 */
import { leads } from "../rules/BrokerOrders.ts"
import { at, type Cluster, partitionsOf } from "../rules/Cluster.ts"
import type { ZnodePath } from "../rules/CoordinationMessages.ts"
import type { PartitionState } from "../rules/Election.ts"
import { type Constants, indexOf, type State, type Znode } from "./ControllerElectionState.ts"
import { isQuiet } from "./ControllerElectionZooKeeper.ts"

/** What most properties look at: what ZooKeeper stores, what processes know, and the logs. Nodes have all of that. */
export type Observed = Pick<State, "tree" | "sessions" | "status" | "own" | "log" | "acked">

const znode = (cluster: Cluster, s: Observed, path: ZnodePath): Znode | undefined => s.tree[indexOf(cluster, path)]![0]

interface Stored extends PartitionState {
  readonly version: number
}

const storedOf = (cluster: Cluster, s: Observed, p: number): Stored | undefined => {
  const found = znode(cluster, s, ["state", p])
  return found?.data._tag === "State" ? { ...found.data, version: found.version } : undefined
}

const currentEpoch = (s: Observed): number => {
  const data = s.tree[1]![0]?.data
  return data?._tag === "Epoch" ? data.value : 0
}

const controllerOf = (s: Observed): number | undefined => {
  const data = s.tree[0]![0]?.data
  return data?._tag === "Controller" ? data.broker : undefined
}

const epochOf = (s: Observed, b: number): number => at(s.own, b).view[0]!.epoch

const sameList = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

/** What holds in every state, as far as it can be seen on nodes. */
export const observedProperties = (cluster: Cluster) => {
  const { brokers } = cluster
  const partitions = partitionsOf(cluster)
  const pairs = brokers.flatMap((b) => brokers.filter((other) => other !== b).map((other) => [b, other] as const))
  const parts = brokers.flatMap((b) => partitions.map((p) => [b, p] as const))
  const isActive = (s: Observed, b: number) => at(s.own, b).active
  const partOf = (s: Observed, b: number, p: number) => at(at(s.own, b).parts, p)[0]
  const leading = (s: Observed, b: number, p: number) => {
    const part = partOf(s, b, p)
    return part !== undefined && leads(b, [part]) ? part : undefined
  }
  return {
    OneControllerPerEpoch: (s: Observed) =>
      pairs.every(([b, c]) => !isActive(s, b) || !isActive(s, c) || epochOf(s, b) !== epochOf(s, c)),
    ZombieNeverOutranks: (s: Observed) => {
      const c = controllerOf(s)
      if (c === undefined || !isActive(s, c)) return true
      return brokers.every((b) => !isActive(s, b) || epochOf(s, b) <= epochOf(s, c))
    },
    OneLeaderPerEpoch: (s: Observed) =>
      pairs.every(([b, c]) =>
        partitions.every((p) => {
          const [one, other] = [leading(s, b, p), leading(s, c, p)]
          return one === undefined || other === undefined || one.epoch !== other.epoch
        })
      ),
    LeaderIsInSync: (s: Observed) =>
      partitions.every((p) => {
        const stored = storedOf(cluster, s, p)
        return stored === undefined ||
          (stored.isr.length > 0 && stored.leader.every((leader) => stored.isr.includes(leader)))
      }),
    AdoptedIsrWasStored: (s: Observed) =>
      parts.every(([b, p]) => {
        const [part, stored] = [leading(s, b, p), storedOf(cluster, s, p)]
        return part === undefined || stored === undefined || part.version !== stored.version ||
          sameList(part.isr, stored.isr)
      }),
    RefusedOnlyWhenBehind: (s: Observed) =>
      brokers.every((b) => {
        const [proposal] = at(s.own, b).proposed
        if (proposal === undefined || !proposal.final) return true
        const [part, stored] = [partOf(s, b, proposal.partition), storedOf(cluster, s, proposal.partition)]
        return part === undefined || stored === undefined || stored.epoch > part.epoch || stored.version > part.version
      }),
    RoleFollowsEpoch: (s: Observed) =>
      parts.every(([b, p]) => {
        const part = partOf(s, b, p)
        return part === undefined || part.role === part.epoch || s.own.some(({ queues }) => at(queues, b).length > 0)
      }),
    LeaderHoldsAcked: (s: Observed) =>
      parts.every(([b, p]) => {
        const [part, stored] = [leading(s, b, p), storedOf(cluster, s, p)]
        if (at(s.status, b) !== "up" || part === undefined || stored?.epoch !== part.epoch) return true
        return at(at(s.log, b), p) >= at(s.acked, p)
      }),
    GaveUpOnlyWhileRegistered: (s: Observed) =>
      brokers.every((b) => at(s.own, b).phase !== "unregistered" || znode(cluster, s, ["ids", b]) !== undefined),
    EphemeralsHaveSessions: (s: Observed) =>
      s.tree.every(([found]) => {
        const [b, n] = found?.owner ?? []
        return b === undefined || at(s.sessions, b).includes(n!)
      })
  }
}

/** What holds of every step, as far as it can be seen on nodes. */
export const observedSteps = (cluster: Cluster) => {
  const { brokers } = cluster
  const partitions = partitionsOf(cluster)
  return {
    NoZombieWrite: (s: Observed, _: unknown, t: Observed) =>
      partitions.every((p) => {
        const index = indexOf(cluster, ["state", p])
        if (s.tree[index] === t.tree[index]) return true
        const [before, after] = [storedOf(cluster, s, p), storedOf(cluster, t, p)]
        return JSON.stringify(before) === JSON.stringify(after) || after?.controllerEpoch === currentEpoch(s)
      }),
    EpochsGrow: (s: Observed, _: unknown, t: Observed) => {
      const keepsEpoch = s.tree[1]!.length === 0 || (t.tree[1]!.length > 0 && currentEpoch(t) >= currentEpoch(s))
      return keepsEpoch && partitions.every((p) => {
        const [before, after] = [storedOf(cluster, s, p), storedOf(cluster, t, p)]
        return before === undefined || (after !== undefined && after.epoch >= before.epoch)
      })
    },
    MetadataNeverGoesBack: (s: Observed, _: unknown, t: Observed) =>
      brokers.every((b) => {
        if (at(s.status, b) !== "up" || at(t.status, b) !== "up") return true
        const [before, after] = [at(s.own, b), at(t.own, b)]
        return after.known >= before.known && partitions.every((p) => {
          const [old, now] = [at(before.meta, p)[0], at(after.meta, p)[0]]
          return old === undefined || (now !== undefined && now.epoch >= old.epoch)
        })
      })
  }
}

/** What looks at messages in flight too: what is true when all is dealt with. */
const quietProperties = (cluster: Cluster) => ({
  MetadataConverges: (s: State) => {
    const isAnswered = s.own.every(({ queues }) => queues.every((queue) => queue.length === 0)) &&
      s.orders.every((row) => row.every((slot) => slot.length === 0))
    if (!isAnswered || !s.own.some(({ active }) => active) || !isQuiet(cluster, s)) return true
    return partitionsOf(cluster).every((p) => {
      const stored = storedOf(cluster, s, p)
      return stored === undefined || s.own.every(({ meta, parts }, i) => {
        const [view, part] = [at(meta, p)[0], at(parts, p)[0]]
        return view?.epoch === stored.epoch && sameList(view.leader, stored.leader) &&
          (stored.leader[0] !== i + 1 || part?.epoch === stored.epoch)
      })
    })
  },
  InSyncHoldsAcked: (s: State) =>
    !isQuiet(cluster, s) ||
    partitionsOf(cluster).every((p) =>
      (storedOf(cluster, s, p)?.isr ?? []).every((b) => at(at(s.log, b), p) >= at(s.acked, p))
    )
})

/** What looks at orders in flight too. */
const orderSteps = ({ brokers }: Cluster) => ({
  OrdersReachTheirIncarnation: (s: State, _: unknown, t: State) =>
    brokers.every((b) => {
      const { parts, registered } = at(s.own, b)
      const [epoch] = registered
      if (epoch === undefined || at(t.status, b) !== "up") return true
      const after = at(t.own, b).parts
      if (after === parts || JSON.stringify(after) === JSON.stringify(parts)) return true
      return brokers.every((c) => {
        const [slot] = at(at(s.orders, c), b)
        if (slot?.message._tag !== "Order" || slot.message.order.brokerEpoch >= epoch) return true
        return JSON.stringify(at(at(t.orders, c), b)[0]) === JSON.stringify(slot)
      })
    })
})

const reachability = (c: Constants, cluster: Cluster) => {
  const { brokers } = cluster
  const isIdleController = (s: State, b: number) => at(s.own, b).active && at(s.own, b).phase === "idle"
  return {
    Elects: (s: State) => s.own.some(({ active }) => active),
    FailsOver: (s: State) => brokers.some((b) => isIdleController(s, b) && epochOf(s, b) > 1),
    Shrinks: (s: State) =>
      partitionsOf(cluster).some((p) => {
        const stored = storedOf(cluster, s, p)
        return stored !== undefined && stored.isr.length !== c.Replicas
      }),
    Bounces: (s: State) =>
      brokers.some((b) =>
        isIdleController(s, b) && epochOf(s, b) === 1 &&
        brokers.some((r) => (at(at(s.own, b).live, r)[0] ?? 0) > 1 && znode(cluster, s, ["ids", r]) !== undefined)
      ),
    FencesZombie: (s: State) =>
      s.own.some(({ active, phase }, i) => {
        const reply = s.fromZk[i]![0]
        return active && phase === "writing" && reply?._tag === "Failed" && reply.code === "BadVersion" &&
          reply.at === 1
      })
  }
}

/** The properties under a choice of the constants. */
export const propertiesOf = (c: Constants, cluster: Cluster) => ({
  always: { ...observedProperties(cluster), ...quietProperties(cluster) },
  alwaysStep: { ...observedSteps(cluster), ...orderSteps(cluster) },
  sometimes: reachability(c, cluster),
  reachableFromAll: {}
})
