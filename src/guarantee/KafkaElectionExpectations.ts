/**
 * What is expected of the controller and its brokers under each version, written from sources before any run. Nothing here
 * is computed: a cell that differs from its line fails the run.
 */
import type { ElectionGuards } from "../kafka/nodes/BrokerMemory.ts"
import { guarded } from "../simulate/coordination/ElectionCluster.ts"
import type { Expectation } from "./Cell.ts"
import type { Way } from "./KafkaElectionHistories.ts"
import * as Source from "./KafkaElectionSources.ts"

/** The promises. */
export type Kind = "controller" | "leader" | "acknowledged"

export interface ElectionExpectation extends Expectation {
  readonly kind: Kind
  readonly guards: ElectionGuards
  readonly ways: ReadonlyArray<Way>
  /** One of so many of the matrix's runs is a history of this deployment. */
  readonly share: number
}

const guarantees: { readonly [K in Kind]: { readonly guarantee: string; readonly promise: string } } = {
  controller: {
    guarantee: "Kafka cluster: one controller",
    promise:
      "no two brokers are controller in one epoch, none outranks the one that ZooKeeper names, what a deposed one " +
      "writes fails, and no broker's metadata goes back to what an earlier one said"
  },
  leader: {
    guarantee: "Kafka cluster: one leader an epoch",
    promise: "at most one broker leads a partition in a leader epoch, it is in sync, and leader epochs only grow"
  },
  acknowledged: {
    guarantee: "Kafka cluster: a failover loses nothing that was acknowledged",
    promise: "a record acknowledged with acks=all is read by a consumer that reads everything after all is mended"
  }
}

type Verdict = readonly [expected: "kept" | "broken", source: string]
const kept = (source: string): Verdict => ["kept", source]
const broken = (source: string): Verdict => ["broken", source]

interface Deployment {
  readonly name: string
  readonly off: Partial<ElectionGuards>
  readonly ways: ReadonlyArray<Way>
  readonly share: number
  readonly verdicts: { readonly [K in Kind]?: Verdict }
}

/** Ways in which a controller is deposed and one broker or another fails, each with one that may do anything. */
const deposing: ReadonlyArray<Way> = ["anything", "lateOrder", "stalledClaim", "staleVerdict", "zombieWrites"]

const deployments: ReadonlyArray<Deployment> = [
  {
    name: "3.9; kills, frozen hosts, cut links, deposed controllers",
    off: {},
    ways: [...deposing, "anything", "anything", "killed", "leftBehind", "orderedAgain", "takenHalf"],
    share: 40,
    verdicts: {
      controller: kept(`${Source.oneMulti}; ${Source.fenced}; ${Source.staleController}`),
      leader: kept(Source.conditional),
      acknowledged: kept(Source.inSync)
    }
  },
  {
    name: "3.9; a follower's power is cut",
    off: {},
    ways: ["bounced"],
    share: 200,
    verdicts: { acknowledged: kept(Source.brokerEpoch) }
  },
  {
    name: "before KIP-380 (2.1); a follower's power is cut",
    off: { CompareBrokerEpoch: false, RequestCarriesBrokerEpoch: false },
    ways: ["bounced"],
    share: 200,
    verdicts: { acknowledged: broken(Source.bounced) }
  },
  {
    name: "before KIP-380 (2.1); a leader is killed, and its deposed controller sends again",
    off: { CompareBrokerEpoch: false, RequestCarriesBrokerEpoch: false },
    ways: ["orderedAgain"],
    share: 200,
    verdicts: {
      leader: kept(Source.leaderEpoch),
      acknowledged: broken("KIP-380: before 2.2 an order for one incarnation of a broker was taken by the next one")
    }
  },
  {
    name: "before KAFKA-6082 (2.0), registration in two steps; deposed controllers",
    off: { AtomicRegister: false },
    ways: deposing,
    share: 200,
    verdicts: { controller: broken(Source.twoSteps), leader: kept(Source.conditional) }
  },
  {
    name: "before KAFKA-6082 (2.0), writes not fenced; deposed controllers",
    off: { FenceControllerWrites: false },
    ways: deposing,
    share: 200,
    verdicts: { controller: broken(Source.unfenced), leader: kept(Source.conditional) }
  },
  {
    name: "3.9 without STALE_CONTROLLER_EPOCH; deposed controllers",
    off: { BrokerChecksControllerEpoch: false },
    ways: deposing,
    share: 200,
    verdicts: { controller: broken(Source.staleController), leader: kept(Source.leaderEpoch) }
  },
  {
    name: "before KAFKA-9307 (2.3); handlers of orders fail midway",
    off: { AtomicBecomeFollower: false },
    ways: ["takenHalf"],
    share: 200,
    verdicts: { leader: broken(Source.halfTaken) }
  },
  {
    name: "3.9, unclean.leader.election.enable=true; a frozen follower is left behind",
    off: { UncleanElection: true },
    ways: ["leftBehind"],
    share: 200,
    verdicts: {
      controller: kept(Source.oneMulti),
      leader: kept(Source.conditional),
      acknowledged: broken(Source.unclean)
    }
  }
]

const kinds: ReadonlyArray<Kind> = ["controller", "leader", "acknowledged"]

/** Every cell that a source speaks of. */
export const expectations: ReadonlyArray<ElectionExpectation> = deployments.flatMap(
  ({ name, off, share, verdicts, ways }) =>
    kinds.flatMap((kind) => {
      const stated = verdicts[kind]
      if (stated === undefined) return []
      const [expected, source] = stated
      const guards = { ...guarded, ...off }
      return [{ ...guarantees[kind], kind, guards, ways, share, deployment: name, expected, source }]
    })
)
