/**
 * What a broker's thread of controller events does when it hears from ZooKeeper: it registers the broker, stands for
 * controller, takes over, deals with changes.
 *
 *     multi { create /controller (ephemeral), setData /controller_epoch (epoch + 1, version) }
 *
 * The decision: who becomes controller is one transaction, so that whoever holds `/controller` holds the newest epoch. A
 * broker whose transaction failed though `/controller` is its own (the reply was lost) accepts only the epoch that it
 * would have written.
 *
 * Authority: KafkaZkClient.registerBroker, registerControllerAndIncrementControllerEpoch, checkedEphemeralCreate;
 * KafkaController.elect, onControllerFailover, processExpire; PartitionStateMachine (3.9); KAFKA-6082, KAFKA-7165.
 */
import type { PartitionTask } from "./ControllerTask.ts"
import * as Turn from "./ControllerTurn.ts"
import type { EpochView, Verdict, ZkOperation, ZkQuestion, ZkReply } from "./CoordinationMessages.ts"
import { type Knowledge, resign } from "./Knowledge.ts"

/** What the thread made of something that it heard; `verdict` is for the leader that waits for one. */
export interface Heard {
  readonly own: Knowledge
  readonly verdict: ReadonlyArray<Verdict>
}

type Replied = Exclude<ZkReply, { readonly _tag: "Connected" | "Expired" | "Event" }>

const quiet = (own: Knowledge): Heard => ({ own, verdict: [] })

const read = (what: Extract<ZkQuestion, { readonly _tag: "Read" }>["what"]): ZkQuestion => ({ _tag: "Read", what })

const elect = (own: Knowledge): Knowledge => Turn.ask(own, "electing", read("controller"))

/** The znode `/brokers/ids/B` in one transaction, data second, so that its watchers read it whole. */
const register = ({ broker }: Turn.Member, own: Knowledge): Knowledge =>
  Turn.ask(own, "registering", {
    _tag: "Multi",
    ops: [
      { _tag: "Create", path: ["ids", broker], data: { _tag: "None" }, ephemeral: true },
      { _tag: "SetData", path: ["ids", broker], data: { _tag: "Broker" }, version: 0 }
    ]
  })

const raise = ({ epoch, version }: EpochView): ZkOperation => ({
  _tag: "SetData",
  path: ["controller_epoch", 0],
  data: { _tag: "Epoch", value: epoch + 1 },
  version
})

const lead = (own: Knowledge, view: EpochView): Knowledge =>
  Turn.ask({ ...own, active: true, view: [view] }, "loading", read("brokers"))

const raised = ({ epoch, version }: EpochView): EpochView => ({ epoch: epoch + 1, version: version + 1 })

/** The znode of this broker could not be made, and this is whose session made the one that is there. */
const foundOwner = (member: Turn.Member, own: Knowledge, owner: ReadonlyArray<number>): Knowledge => {
  if (owner.length === 0) return register(member, own)
  if (owner[0] === own.session[0]) return elect({ ...own, registered: own.session })
  return member.guards.RegisterRetries ? register(member, own) : { ...own, phase: "unregistered" }
}

const foundController = (member: Turn.Member, own: Knowledge, controller: ReadonlyArray<number>): Knowledge => {
  if (controller[0] === member.broker && own.active) return Turn.finish(member, own)
  const left = own.active ? resign(member.cluster, own) : own
  return controller.length === 0 ? Turn.ask(left, "reading", read("epoch")) : Turn.finish(member, left)
}

const claim = ({ broker, guards }: Turn.Member, own: Knowledge, view: EpochView): Knowledge => {
  const create: ZkOperation = {
    _tag: "Create",
    path: ["controller", 0],
    data: { _tag: "Controller", broker },
    ephemeral: true
  }
  const ops = guards.AtomicRegister ? [create, raise(view)] : [create]
  return Turn.ask({ ...own, view: [view] }, "claiming", { _tag: "Multi", ops })
}

/** The reply to a write of the controller. */
const written = (member: Turn.Member, own: Knowledge, reply: Replied): Heard => {
  const task = own.todo[0] as PartitionTask
  const refused = (code: "NotController" | "InvalidUpdateVersion"): ReadonlyArray<Verdict> =>
    own.judging.map(() => ({ _tag: "Refused", code }))
  if (reply._tag === "Done") {
    const after = Turn.wrote(member, own, task)
    const verdict = task._tag === "Alter"
      ? [{ _tag: "Altered" as const, state: after.states[task.partition - 1]![0]! }]
      : []
    return { own: Turn.proceed(member, { ...after, judging: [] }), verdict }
  }
  if (member.guards.FenceControllerWrites && reply._tag === "Failed" && reply.at === 1) {
    return { own: elect(resign(member.cluster, own)), verdict: refused("NotController") }
  }
  if (task._tag === "Alter") {
    const rest = { ...own, todo: own.todo.slice(1), judging: [] }
    return { own: Turn.proceed(member, rest), verdict: refused("InvalidUpdateVersion") }
  }
  return quiet(Turn.ask(own, "refreshing", read("states")))
}

/** The reply to what was asked: which one, the phase says. */
const replied = (member: Turn.Member, before: Knowledge, reply: Replied): Heard => {
  const own: Knowledge = { ...before, asks: [] }
  const isDone = reply._tag === "Done"
  switch (own.phase) {
    case "registering":
      return quiet(isDone ? elect({ ...own, registered: own.session }) : Turn.ask(own, "checking", read("id")))
    case "claiming":
      if (!isDone) return quiet(Turn.ask(own, "verifying", read("controller")))
      return quiet(
        member.guards.AtomicRegister ? lead(own, raised(own.view[0]!)) : Turn.ask(own, "counting", read("epoch"))
      )
    case "raising":
      return quiet(isDone ? lead(own, raised(own.view[0]!)) : elect({ ...own, view: [] }))
    case "creating":
      return quiet(Turn.ask(own, "reading", read("epoch")))
    case "writing":
      return written(member, own, reply)
    case "starting":
    case "idle":
    case "unregistered":
    case "checking":
    case "electing":
    case "reading":
    case "verifying":
    case "recounting":
    case "counting":
    case "loading":
    case "loadingStates":
    case "changing":
    case "refreshing":
      return quiet(answered(member, own, reply))
  }
}

/** The reply to a question that only read. */
const answered = (member: Turn.Member, own: Knowledge, reply: Replied): Knowledge => {
  switch (reply._tag) {
    case "Owner":
      return foundOwner(member, own, reply.owner)
    case "Controller":
      if (own.phase === "electing") return foundController(member, own, reply.controller)
      return reply.controller[0] === member.broker
        ? Turn.ask(own, "recounting", read("epoch"))
        : Turn.finish(member, { ...own, view: [] })
    case "Epoch":
      return foundEpoch(member, own, reply.epoch[0])
    case "Brokers":
      return own.phase === "loading"
        ? Turn.ask({ ...own, live: reply.brokers }, "loadingStates", read("states"))
        : Turn.sawBrokers(member, own, reply.brokers)
    case "States":
      return own.phase === "loadingStates"
        ? Turn.loaded(member, own, reply.states)
        : Turn.refreshed(member, own, reply.states)
    case "Done":
    case "Failed":
      return own
  }
}

const foundEpoch = (member: Turn.Member, own: Knowledge, view: EpochView | undefined): Knowledge => {
  if (view === undefined) {
    const create: ZkOperation = {
      _tag: "Create",
      path: ["controller_epoch", 0],
      data: { _tag: "Epoch", value: 0 },
      ephemeral: false
    }
    return Turn.ask(own, "creating", { _tag: "Multi", ops: [create] })
  }
  if (own.phase === "reading") return claim(member, own, view)
  if (own.phase === "counting") {
    return Turn.ask({ ...own, view: [view] }, "raising", { _tag: "Multi", ops: [raise(view)] })
  }
  return view.epoch === own.view[0]!.epoch + 1 ? lead(own, view) : Turn.finish(member, { ...own, view: [] })
}

/** The session is over: the queue of the thread is cleared, a controller resigns, and a session is asked for again. */
const expired = (member: Turn.Member, own: Knowledge): Knowledge => ({
  ...resign(member.cluster, own),
  session: [],
  connecting: true,
  asks: [],
  phase: "starting",
  events: []
})

/** The next message from ZooKeeper, and all that the thread does until it has to ask again. */
export const hear = (member: Turn.Member, own: Knowledge, reply: ZkReply): Heard => {
  switch (reply._tag) {
    case "Connected":
      return quiet(
        own.session.length > 0
          ? { ...own, connecting: false }
          : register(member, { ...own, session: [reply.session], connecting: false })
      )
    case "Expired":
      return { own: expired(member, own), verdict: own.judging.map(() => ({ _tag: "Refused", code: "NotController" })) }
    case "Event": {
      const event = { _tag: reply.kind }
      return quiet(
        own.phase === "idle" ? Turn.begin(member, own, event) : { ...own, events: [...own.events, event] }
      )
    }
    case "Done":
    case "Failed":
    case "Controller":
    case "Epoch":
    case "Owner":
    case "Brokers":
    case "States":
      return replied(member, own, reply)
  }
}
