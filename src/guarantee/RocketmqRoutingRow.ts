/**
 * The rows of the matrix for RocketMQ's routes and for writes after a master is gone: runs for each deployment, each
 * followed by the model NameServerRouting, and their tokens told.
 *
 * A broken one is what it is by nothing's having come in time, so nothing of it can be left out; its token is its plan.
 */
import * as Token from "../replay/Token.ts"
import { routingFailover, type RoutingPlan } from "../simulate/routing/RoutingFailover.ts"
import type { Evidence } from "./Cell.ts"
import { diskPrint } from "./DiskPrint.ts"
import { expectations, type RoutingExpectation } from "./RocketmqRoutingExpectations.ts"
import type { Budget, Part, Row, Story, Teller } from "./Row.ts"

/** Of the tokens that are told here. */
const tokenKind = "rocketmq-routing"
/** A history is minutes of a cluster, so a cell gets this share of the matrix's runs. */
const share = 160

/** A share of the runs; where it is expected to break, up to all of them until it does. */
const look = ({ expected, plan }: RoutingExpectation, { progress, runs, seed }: Budget): Evidence => {
  const states = new Set<string>()
  const enough = Math.ceil(runs / share)
  let broken: Evidence["broken"]
  let histories = 0
  while (histories < runs && (histories < enough || (expected === "broken" && broken === undefined))) {
    const planned: RoutingPlan = { ...plan, seed: seed + histories }
    histories++
    let steps = 0
    const isKept = routingFailover(planned, {
      state: (state) => void states.add(diskPrint(new Map(), JSON.stringify(state))),
      line: (seconds) => {
        if (seconds >= 0) steps++
      }
    })
    if (!isKept && (broken === undefined || steps < broken.steps)) {
      const token = Token.print({ kind: tokenKind, body: planned })
      broken = { token, steps, runs: broken?.runs ?? histories }
    }
    progress(Math.min(runs, histories * share), runs)
  }
  return { histories, states: states.size, ...broken && { broken } }
}

const rows: ReadonlyArray<Row> = expectations.map((expectation) => ({
  expectation,
  look: (budget) => look(expectation, budget)
}))

const faults: ReadonlyArray<string> = ["kill", "freeze", "cut", "cut and heal", "restart"]

const planOf = (body: unknown): RoutingPlan => {
  const plan = (body ?? {}) as Partial<RoutingPlan>
  const isOwn = Number.isSafeInteger(plan.seed) && Number.isSafeInteger(plan.boundSeconds) &&
    Number.isSafeInteger(plan.nameServers) && (plan.masters === 1 || plan.masters === 2) &&
    faults.some((fault) => fault === plan.fault)
  if (!isOwn) {
    const expected = "{masters, slaves, nameServers, selection, fault, boundSeconds, promise, seed}"
    throw new Error(`the token's body is none of a ${tokenKind} run: expected ${expected}`)
  }
  return plan as RoutingPlan
}

/** The run of a token again: the steps of NameServers, brokers and clients since the fault. */
const tell = (body: unknown): Story => {
  const plan = planOf(body)
  const lines: Array<string> = []
  const isKept = routingFailover(plan, {
    line: (seconds, text) => {
      if (seconds >= 0) lines.push(`${seconds.toFixed(3).padStart(10)} s  ${text}`)
    }
  })
  const { boundSeconds, fault, masters, nameServers, promise, slaves } = plan
  const what = promise === "routes" ? "NameServers and clients have the same route" : "every send is stored"
  return {
    title: `${masters} masters, ${slaves} slaves, ${nameServers} NameServers, 2 clients; ${fault}: ` +
      `${lines.length} steps.`,
    lines: [
      ...lines,
      `${isKept ? "Kept" : "Broken"}: after ${boundSeconds} s ${isKept ? "" : "it is not so that "}${what}.`
    ],
    broken: !isKept
  }
}

const teller: Teller = { kind: tokenKind, tell }

export const part: Part = { rows, tellers: [teller] }
