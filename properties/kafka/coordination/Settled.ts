/**
 * What a cluster that nothing disturbs any more has to come to: one controller, every broker registered, a leader for each
 * partition, and metadata that says so everywhere.
 */
import type { Observed } from "../../../src/kafka/models/ControllerElectionProperties.ts"
import { indexOf } from "../../../src/kafka/models/ControllerElectionState.ts"
import { at, partitionsOf } from "../../../src/kafka/rules/Cluster.ts"
import { cluster } from "../../../src/simulate/coordination/ElectionCluster.ts"

/** What is not as it should be, in words. */
export const unsettled = (state: Observed): ReadonlyArray<string> => {
  const complaints: Array<string> = []
  const { own, tree } = state
  const znode = (path: Parameters<typeof indexOf>[1]) => tree[indexOf(cluster, path)]![0]
  const controller = znode(["controller", 0])?.data
  const holder = controller?._tag === "Controller" ? controller.broker : 0
  const active = own.flatMap((each, i) => each.active ? [i + 1] : [])
  if (active.length !== 1 || active[0] !== holder) complaints.push(`active ${active.join()}, /controller ${holder}`)
  for (const broker of cluster.brokers) {
    const { registered, session } = at(own, broker)
    const owner = znode(["ids", broker])?.owner[1]
    if (owner === undefined || owner !== session[0] || owner !== registered[0]) {
      complaints.push(`broker ${broker}: session ${session.join()}, registered ${registered.join()}, znode of ${owner}`)
    }
  }
  for (const partition of partitionsOf(cluster)) {
    const data = znode(["state", partition])?.data
    const [leader] = data?._tag === "State" ? data.leader : []
    if (data?._tag !== "State" || leader === undefined) {
      complaints.push(`partition ${partition} has no leader`)
      continue
    }
    const [part] = at(at(own, leader).parts, partition)
    if (part?.leader[0] !== leader || part.epoch !== data.epoch) {
      complaints.push(`partition ${partition}: leader ${leader} of epoch ${data.epoch} knows ${JSON.stringify(part)}`)
    }
    for (const broker of cluster.brokers) {
      const [view] = at(at(own, broker).meta, partition)
      if (view?.leader[0] !== leader || view.epoch !== data.epoch) {
        complaints.push(`partition ${partition}: broker ${broker} is told ${JSON.stringify(view)}`)
      }
    }
  }
  return complaints
}
