/**
 * Where Kafka's registers stand in ZooKeeper's tree, how a broker asks for them and what it takes from an answer, sentence
 * by sentence. Data, so that whoever breaks a node on purpose can ask whether it is noticed.
 *
 * Authority: kafka.zk.ZkData and KafkaZkClient (3.9); ClientCnxn.readResponse of ZooKeeper 3.8 for what is no reply; the
 * paths are those of a real log (test/real, failover-traces, zookeeper-txns-A).
 */
import { pathOf, replyOf, requestOf, topLevel } from "../../../src/kafka/nodes/ZooKeeperPaths.ts"
import type { Cluster } from "../../../src/kafka/rules/Cluster.ts"
import type { ZkQuestion, ZnodeData } from "../../../src/kafka/rules/CoordinationMessages.ts"
import type { ToClient } from "../../../src/kafka/rules/ZooKeeperServer.ts"
import type { Znode } from "../../../src/kafka/rules/ZooKeeperTree.ts"
import { trace } from "../rules/RealController.ts"
import type { Example } from "../rules/ZooKeeperExamples.ts"

const cluster: Cluster = { brokers: [1, 2], assignment: [[1, 2], [2, 1]] }
const partitions = "/brokers/topics/topic/partitions"

const znode = (data: ZnodeData, owner: Znode<ZnodeData>["owner"] = [], version = 0): Znode<ZnodeData> => ({
  data,
  version,
  czxid: 1,
  mzxid: 1,
  pzxid: 1,
  owner
})
const state = { leader: [2], epoch: 3, isr: [1, 2], controllerEpoch: 4 }

/** Paths that brokers of the real cluster wrote, with its topic's name replaced by the one here. */
const written = (): ReadonlySet<string> =>
  new Set(
    trace("zookeeper-txns-A").flatMap(({ event, path }) => event === "create" ? [path!.replace("/t1/", "/topic/")] : [])
  )

const read = (what: Extract<ZkQuestion, { readonly _tag: "Read" }>["what"]): ZkQuestion => ({ _tag: "Read", what })
const told = (question: ZkQuestion | undefined, message: ToClient<ZnodeData>) => replyOf(cluster, 2, question, message)
const collected = (
  what: Extract<ZkQuestion, { readonly _tag: "Read" }>["what"],
  ...znodes: ReadonlyArray<readonly [string, Znode<ZnodeData>]>
) => told(read(what), { _tag: "Collected", zxid: 9, of: [], znodes: new Map(znodes) })

export const examples: ReadonlyArray<Example> = [
  {
    sentence: "a real cluster has a znode where each register of ours stands; partitions count from 0 there",
    says: () => {
      const real = written()
      const paths = [
        pathOf(["controller", 0]),
        pathOf(["controller_epoch", 0]),
        ...[1, 2, 3].map((broker) => pathOf(["ids", broker])),
        ...[1, 2, 3].map((partition) => pathOf(["state", partition]))
      ]
      return [paths.filter((path) => !real.has(path)), new Set(paths).size]
    },
    expected: [[], 8]
  },
  {
    // Transactions count from 1, so what is older than all of them has 0; a znode that was created has version 0.
    sentence: "what is there before the first broker are the parents of all registers, persistent and never written",
    says: () => {
      const tree = topLevel(cluster)
      const kinds = [...tree.values()].map(({ czxid, mzxid, owner, pzxid, version }) =>
        [version, czxid, mzxid, pzxid, ...owner].join(" ")
      )
      return [[...tree.keys()].sort(), [...new Set(kinds)]]
    },
    expected: [
      [
        "/brokers",
        "/brokers/ids",
        "/brokers/topics",
        "/brokers/topics/topic",
        partitions,
        `${partitions}/0`,
        `${partitions}/1`
      ],
      ["0 0 0 0"]
    ]
  },
  {
    // KafkaZkClient.getControllerId with the watch of ControllerChangeHandler; getAllBrokerAndEpochsInCluster with that of
    // BrokerChangeHandler; getTopicPartitionStates, which leaves none.
    sentence: "who reads the controller or the brokers leaves a watch, who reads the rest leaves none",
    says: () =>
      (["controller", "epoch", "id", "brokers", "states"] as const).map((what) => requestOf(cluster, 2, read(what))),
    expected: [
      { _tag: "Read", watch: "data /controller" },
      { _tag: "Collect", of: ["/controller_epoch"] },
      { _tag: "Collect", of: ["/brokers/ids/2"] },
      { _tag: "Collect", of: "children /brokers/ids" },
      { _tag: "Collect", of: [`${partitions}/0/state`, `${partitions}/1/state`] }
    ]
  },
  {
    // KafkaZkClient.tryCreateControllerZNodeAndIncrementEpoch.
    sentence: "a multi is asked as it is, operation by operation, on the znodes' paths",
    says: () =>
      requestOf(cluster, 2, {
        _tag: "Multi",
        ops: [
          { _tag: "Create", path: ["controller", 0], data: { _tag: "Controller", broker: 2 }, ephemeral: true },
          { _tag: "SetData", path: ["controller_epoch", 0], data: { _tag: "Epoch", value: 5 }, version: 4 }
        ]
      }),
    expected: {
      _tag: "Multi",
      ops: [
        { _tag: "Create", path: "/controller", data: { _tag: "Controller", broker: 2 }, ephemeral: true },
        { _tag: "SetData", path: "/controller_epoch", data: { _tag: "Epoch", value: 5 }, version: 4 }
      ]
    }
  },
  {
    sentence: "the controller is whom its znode names, and nobody where there is none",
    says: () => [
      told(read("controller"), {
        _tag: "Found",
        zxid: 9,
        watch: "data /controller",
        znode: [znode({ _tag: "Controller", broker: 1 }, [1, 7])]
      }),
      told(read("controller"), { _tag: "Found", zxid: 9, watch: "data /controller", znode: [] })
    ],
    expected: [
      [{ _tag: "Controller", controller: [1] }],
      [{ _tag: "Controller", controller: [] }]
    ]
  },
  {
    sentence: "an epoch is told with the version that a check of it needs, and none where nobody has made it",
    says:
      () => [collected("epoch", ["/controller_epoch", znode({ _tag: "Epoch", value: 4 }, [], 5)]), collected("epoch")],
    expected: [[{ _tag: "Epoch", epoch: [{ epoch: 4, version: 5 }] }], [{ _tag: "Epoch", epoch: [] }]]
  },
  {
    sentence: "a broker is known by the session that owns its znode",
    says: () => [
      collected("id", ["/brokers/ids/2", znode({ _tag: "Broker" }, [2, 6])]),
      collected("id", ["/brokers/ids/1", znode({ _tag: "Broker" }, [1, 6])]),
      collected("brokers", ["/brokers/ids/1", znode({ _tag: "Broker" }, [1, 3])]),
      collected("brokers", ["/brokers/ids/2", znode({ _tag: "Broker" }, [2, 8])])
    ],
    expected: [
      [{ _tag: "Owner", owner: [6] }],
      [{ _tag: "Owner", owner: [] }],
      [{ _tag: "Brokers", brokers: [[3], []] }],
      [{ _tag: "Brokers", brokers: [[], [8]] }]
    ]
  },
  {
    sentence: "a partition's state is told with the version of its znode, and none where it was never written",
    says: () => collected("states", [`${partitions}/1/state`, znode({ _tag: "State", ...state }, [], 6)]),
    expected: [{ _tag: "States", states: [[], [{ ...state, version: 6 }]] }]
  },
  {
    // ZooKeeperClient dispatches by path: ControllerChangeHandler, BrokerChangeHandler.
    sentence: "an event of the brokers' parent is a change of brokers, one of /controller a change of the controller",
    says: () => [
      told(undefined, { _tag: "Event", watch: "children /brokers/ids", type: "NodeChildrenChanged" }),
      told(undefined, { _tag: "Event", watch: "data /controller", type: "NodeDeleted" })
    ],
    expected: [
      [{ _tag: "Event", kind: "BrokerChange" }],
      [{ _tag: "Event", kind: "ControllerChange" }]
    ]
  },
  {
    sentence: "a multi that failed says where and why, as far as a broker asks for what can fail so",
    says: () =>
      (["NodeExists", "NoNode", "BadVersion", "NotEmpty", "NoChildrenForEphemerals"] as const).map((code) =>
        told({ _tag: "Multi", ops: [] }, { _tag: "Failed", zxid: 9, code, at: 2 })
      ),
    expected: [
      [{ _tag: "Failed", code: "NodeExists", at: 2 }],
      [{ _tag: "Failed", code: "NoNode", at: 2 }],
      [{ _tag: "Failed", code: "BadVersion", at: 2 }],
      [],
      []
    ]
  },
  {
    sentence: "what is of the session alone, and what answers no question of the broker's, is not its",
    says: () => [
      told(undefined, { _tag: "Connected", session: 3 }),
      told(undefined, { _tag: "Expired" }),
      told(undefined, { _tag: "WatchesSet", zxid: 9 }),
      told(undefined, { _tag: "Closed", zxid: 9 }),
      told(undefined, { _tag: "Collected", zxid: 9, of: [], znodes: new Map() }),
      told({ _tag: "Multi", ops: [] }, { _tag: "Done", zxid: 9 })
    ],
    expected: [[{ _tag: "Connected", session: 3 }], [{ _tag: "Expired" }], [], [], [], [{ _tag: "Done" }]]
  }
]
