/**
 * What a client of ZooKeeper makes of what it hears, and how long sessions are, sentence by sentence. Data, as
 * `ZooKeeperExamples.ts` has it.
 *
 * Authority: ClientCnxn, ZKWatchManager, ExpiryQueue.roundToNextInterval of ZooKeeper 3.8; KafkaZkClient of Kafka 3.9.
 */
import * as Client from "../../../src/kafka/rules/ZooKeeperClient.ts"
import type { ToClient } from "../../../src/kafka/rules/ZooKeeperServer.ts"
import {
  bucketOf,
  grantedMillis,
  pingMillis,
  readTimeoutMillis,
  sessionTimes
} from "../../../src/kafka/rules/ZooKeeperSessions.ts"
import { type Example, znode } from "./ZooKeeperExamples.ts"

/** What a client hands over that has left watches in its session 1 and loses its connection. */
const handedOver = (...messages: ReadonlyArray<ToClient<string>>): unknown => {
  const hear = (own: Client.ClientKnowledge<string>, message: ToClient<string>) =>
    Client.hear({ WatchesSetAgain: true }, own, message)
  const nothing: Client.ClientKnowledge<string> = Client.beginning
  const own = messages.reduce((known, message) => hear(known, message).own, nothing)
  return hear(Client.loseServer(own), { _tag: "Connected", session: 1 }).sends
}

const ofClients: ReadonlyArray<Example> = [
  {
    // ZKWatchManager keeps dataWatches, existWatches and childWatches apart; ClientCnxn.primeConnection sends all three.
    sentence:
      "a client that comes back hands over each watch that has not fired, by kind, with the last zxid that it saw",
    says: () =>
      handedOver(
        { _tag: "Found", zxid: 4, watch: "data /b", znode: [] },
        { _tag: "Found", zxid: 5, watch: "data /a", znode: [znode(3, 1)] },
        { _tag: "Found", zxid: 6, watch: "children /a", znode: [znode(3, 1)] },
        { _tag: "Found", zxid: 7, watch: "data /c", znode: [znode(7, 7)] },
        { _tag: "Event", watch: "data /c", type: "NodeDeleted" }
      ),
    expected: [{ _tag: "SetWatches", zxid: 7, data: ["data /a"], exist: ["data /b"], child: ["children /a"] }]
  },
  {
    sentence:
      "it hands over nothing where it left no watch: neither on children of what is not there, nor with a session",
    says: () => [
      handedOver({ _tag: "Found", zxid: 4, watch: "children /b", znode: [] }),
      handedOver({ _tag: "Collected", zxid: 4, of: [{ watch: "children /b", stamp: [] }], znodes: new Map() }),
      handedOver({ _tag: "Collected", zxid: 4, of: [], znodes: new Map([["/a", znode(3, 1)]]) }),
      handedOver({ _tag: "Found", zxid: 4, watch: "data /a", znode: [znode(3, 1)] }, { _tag: "Expired" })
    ],
    expected: [[], [], [], []]
  }
]

const asking: Client.ClientKnowledge<string> = { ...Client.beginning, session: [1], ready: true, asks: ["what"] }

const ofAnswers: ReadonlyArray<Example> = [
  {
    // ClientCnxn.readResponse: the packet at the head of pendingQueue is answered; an event (xid -1) answers none.
    sentence: "a client waits no longer for what was answered, whatever the answer is; an event is no answer",
    says: () =>
      ([
        { _tag: "Found", zxid: 4, watch: "data /b", znode: [] },
        { _tag: "Collected", zxid: 4, of: [], znodes: new Map() },
        { _tag: "Done", zxid: 4 },
        { _tag: "Failed", zxid: 4, code: "NoNode", at: 1 },
        { _tag: "Event", watch: "data /b", type: "NodeCreated" },
        { _tag: "WatchesSet", zxid: 4 }
      ] satisfies ReadonlyArray<ToClient<string>>).map((message) => {
        const { asks, seen } = Client.hear({ WatchesSetAgain: true }, asking, message).own
        return [...asks, seen]
      }),
    expected: [[4], [4], [4], [4], ["what", 0], ["what", 4]]
  },
  {
    // KafkaZkClient.getAllBrokerAndEpochsInCluster: getChildren with a watch, and then the data.
    sentence: "who collects the children of a znode has left a watch on it",
    says: () =>
      handedOver({
        _tag: "Collected",
        zxid: 4,
        of: [{ watch: "children /a", stamp: [2] }],
        znodes: new Map([["/a/b", znode(2, 2)]])
      }),
    expected: [{ _tag: "SetWatches", zxid: 4, data: [], exist: [], child: ["children /a"] }]
  }
]

const ofTimes: ReadonlyArray<Example> = [
  {
    // 2 and 20 ticks are the least and the most (ZooKeeperServer.getMinSessionTimeout, getMaxSessionTimeout).
    sentence: "a server grants a timeout of 2 to 20 ticks",
    says: () => [1_000, 18_000, 90_000].map((timeoutMillis) => grantedMillis({ tickMillis: 2_000, timeoutMillis })),
    expected: [4_000, 18_000, 40_000]
  },
  {
    // ClientCnxn.onConnected (readTimeout), SendThread.run (pings).
    sentence: "a client waits for two thirds of its timeout, and pings at half of that",
    says: () => [readTimeoutMillis(sessionTimes), pingMillis(sessionTimes)],
    expected: [12_000, 6_000]
  },
  {
    // (time / interval + 1) * interval (ExpiryQueue.roundToNextInterval), of what was heard at 1 s: 19 s, and at 2 s: 20 s.
    sentence: "a session ends at the tick boundary after its timeout",
    says: () => [1_000, 2_000].map((heard) => bucketOf(sessionTimes, heard)),
    expected: [20_000, 22_000]
  }
]

export const examples: ReadonlyArray<Example> = [...ofClients, ...ofAnswers, ...ofTimes]
