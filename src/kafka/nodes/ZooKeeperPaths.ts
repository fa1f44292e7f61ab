/**
 * Kafka's znodes: where each register of the coordination stands in ZooKeeper's tree, and what a reply says of them.
 *
 *     /controller                                    ephemeral
 *     /controller_epoch                              persistent, made by the first broker that needs it
 *     /brokers/ids/B                                 ephemeral
 *     /brokers/topics/topic/partitions/P/state       persistent, made by the controller; P counts from 0
 *
 * The decision: one topic, whose assignment the configuration says, so that its partitions' parents are there from the
 * beginning.
 *
 * Authority: kafka.zk.ZkData, KafkaZkClient.createTopLevelPaths (3.9).
 */
import type { Cluster, Maybe } from "../rules/Cluster.ts"
import { partitionsOf } from "../rules/Cluster.ts"
import type { ZkQuestion, ZkRead, ZkReply, ZnodeData, ZnodePath } from "../rules/CoordinationMessages.ts"
import type { ToClient, ToServer } from "../rules/ZooKeeperServer.ts"
import type { Tree, WatchName, Znode } from "../rules/ZooKeeperTree.ts"

const partitionsPath = "/brokers/topics/topic/partitions"

/** Registers of which there is one. */
const controller: ZnodePath = ["controller", 0]
const controllerEpoch: ZnodePath = ["controller_epoch", 0]

/** The path of a register. */
export const pathOf = ([kind, index]: ZnodePath): string => {
  switch (kind) {
    case "controller":
      return "/controller"
    case "controller_epoch":
      return "/controller_epoch"
    case "ids":
      return `/brokers/ids/${index}`
    case "state":
      return `${partitionsPath}/${index - 1}/state`
  }
}

const controllerWatch: WatchName = "data /controller"
const brokersWatch: WatchName = "children /brokers/ids"

/** What is there before the first broker: the parents of every register. */
export const topLevel = (cluster: Cluster): Tree<ZnodeData> => {
  const parents = ["/brokers", "/brokers/ids", "/brokers/topics", "/brokers/topics/topic", partitionsPath]
  const all = [...parents, ...partitionsOf(cluster).map((partition) => `${partitionsPath}/${partition - 1}`)]
  const znode: Znode<ZnodeData> = { data: { _tag: "None" }, version: 0, czxid: 0, mzxid: 0, pzxid: 0, owner: [] }
  return new Map(all.map((path) => [path, znode]))
}

/** A question as ZooKeeper is asked it. */
export const requestOf = (cluster: Cluster, broker: number, question: ZkQuestion): ToServer<ZnodeData> => {
  if (question._tag === "Multi") {
    return { _tag: "Multi", ops: question.ops.map((operation) => ({ ...operation, path: pathOf(operation.path) })) }
  }
  switch (question.what) {
    case "controller":
      return { _tag: "Read", watch: controllerWatch }
    case "epoch":
      return { _tag: "Collect", of: [pathOf(controllerEpoch)] }
    case "id":
      return { _tag: "Collect", of: [pathOf(["ids", broker])] }
    case "brokers":
      return { _tag: "Collect", of: brokersWatch }
    case "states":
      return { _tag: "Collect", of: partitionsOf(cluster).map((partition) => pathOf(["state", partition])) }
  }
}

const ownerOf = (znode: Znode<ZnodeData> | undefined): Maybe<number> => {
  const session = znode?.owner[1]
  return session === undefined ? [] : [session]
}

const collected = (cluster: Cluster, broker: number, what: ZkRead, znodes: Tree<ZnodeData>): ZkReply => {
  const found = (path: ZnodePath) => znodes.get(pathOf(path))
  switch (what) {
    case "controller": {
      const data = found(controller)?.data
      return { _tag: "Controller", controller: data?._tag === "Controller" ? [data.broker] : [] }
    }
    case "epoch": {
      const znode = found(controllerEpoch)
      const epoch = znode?.data._tag === "Epoch" ? [{ epoch: znode.data.value, version: znode.version }] : []
      return { _tag: "Epoch", epoch }
    }
    case "id":
      return { _tag: "Owner", owner: ownerOf(found(["ids", broker])) }
    case "brokers":
      return { _tag: "Brokers", brokers: cluster.brokers.map((each) => ownerOf(found(["ids", each]))) }
    case "states":
      return {
        _tag: "States",
        states: partitionsOf(cluster).map((partition) => {
          const znode = found(["state", partition])
          if (znode?.data._tag !== "State") return []
          const { controllerEpoch, epoch, isr, leader } = znode.data
          return [{ leader, epoch, isr, controllerEpoch, version: znode.version }]
        })
      }
  }
}

/** What a broker is told by a message of ZooKeeper, given the question that it answers; nothing for what is not its. */
export const replyOf = (
  cluster: Cluster,
  broker: number,
  question: ZkQuestion | undefined,
  message: ToClient<ZnodeData>
): Maybe<ZkReply> => {
  const read = (znodes: Tree<ZnodeData>): Maybe<ZkReply> =>
    question?._tag === "Read" ? [collected(cluster, broker, question.what, znodes)] : []
  switch (message._tag) {
    case "Connected":
      return [{ _tag: "Connected", session: message.session }]
    case "Expired":
      return [{ _tag: "Expired" }]
    case "Event":
      return [{ _tag: "Event", kind: message.watch === brokersWatch ? "BrokerChange" : "ControllerChange" }]
    case "Found":
      return read(new Map(message.znode.map((znode) => [pathOf(controller), znode])))
    case "Collected":
      return read(message.znodes)
    case "Done":
      return [{ _tag: "Done" }]
    case "Failed": {
      const { at: place, code } = message
      if (code !== "NodeExists" && code !== "NoNode" && code !== "BadVersion") return []
      return [{ _tag: "Failed", code, at: place }]
    }
    case "WatchesSet":
    case "Closed":
      return []
  }
}
