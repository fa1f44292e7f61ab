/** What steps of a cluster of brokers show to have been reached, in words: a failover, a bounce, who is in sync. */
import type { Observed } from "../../kafka/models/ControllerElectionProperties.ts"

/** What a step shows to have been reached. */
export const note = (before: Observed, after: Observed, reached: Set<string>): void => {
  after.own.forEach((own, i) => {
    const was = before.own[i]!
    if (own.active && !was.active && own.view[0]!.epoch > 1) reached.add("failover")
    if (was.active && was.phase === "writing" && own.phase === "electing") reached.add("fenced zombie")
    own.live.forEach(([epoch], j) => {
      if (epoch !== undefined && was.live[j]![0] !== undefined && epoch > was.live[j]![0]) reached.add("bounce")
    })
  })
  after.tree.forEach(([znode], i) => {
    const [old] = before.tree[i]!
    if (znode?.data._tag !== "State" || old?.data._tag !== "State") return
    if (znode.data.isr.length < old.data.isr.length) reached.add("shrink")
    if (znode.data.isr.length > old.data.isr.length) reached.add("expand")
    if (znode.data.leader[0] !== old.data.leader[0]) reached.add("leader moved")
  })
}
