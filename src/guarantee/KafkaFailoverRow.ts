/**
 * The rows of the matrix for writes after a leader died: failovers for each deployment, and their tokens told.
 *
 * Every history meets the premise: a producer's writes were acknowledged, then the leader died or froze. A broken one is
 * what it is by nobody's acknowledging anything in time, so nothing of it can be left out; its token is its plan.
 */
import * as Token from "../replay/Token.ts"
import { failover, type FailoverPlan } from "../simulate/coordination/Failover.ts"
import type { Evidence } from "./Cell.ts"
import { electionStates } from "./ElectionStates.ts"
import { expectations, type FailoverExpectation } from "./KafkaFailoverExpectations.ts"
import type { Budget, Part, Row, Story, Teller } from "./Row.ts"

/** Of the tokens that are told here. */
const tokenKind = "kafka-failover"
/** A history is half a minute of a cluster, so a cell gets this share of the matrix's runs. */
const share = 160

/** A share of the runs; where writes are expected not to go on, up to all of them until one does not. */
const look = ({ expected, plan }: FailoverExpectation, { progress, runs, seed }: Budget): Evidence => {
  const states = electionStates()
  const enough = Math.ceil(runs / share)
  let broken: Evidence["broken"]
  let histories = 0
  while (histories < runs && (histories < enough || (expected === "broken" && broken === undefined))) {
    const planned: FailoverPlan = { ...plan, seed: seed + histories }
    histories++
    const { events, gapMillis } = failover(planned, { event: (run) => states.see(run.state()) })
    const isShorter = broken === undefined || events < broken.steps
    if (gapMillis === undefined && isShorter) {
      const token = Token.print({ kind: tokenKind, body: planned })
      broken = { token, steps: events, runs: broken?.runs ?? histories }
    }
    progress(Math.min(runs, histories * share), runs)
  }
  return { histories, states: states.count(), ...broken && { broken } }
}

const rows: ReadonlyArray<Row> = expectations.map((expectation) => ({
  expectation,
  look: (budget) => look(expectation, budget)
}))

const planOf = (body: unknown): FailoverPlan => {
  const { areFollowersLate, boundMillis, death, deployment, guards, seed } = (body ?? {}) as Partial<FailoverPlan>
  const isOwn = Number.isSafeInteger(seed) && Number.isSafeInteger(boundMillis) &&
    typeof areFollowersLate === "boolean" && (death === "Kill" || death === "Pause") &&
    typeof guards?.UncleanElection === "boolean" &&
    Array.isArray(deployment?.cluster?.assignment)
  if (!isOwn) {
    const expected = "{guards, deployment, seed, boundMillis, death, areFollowersLate}"
    throw new Error(`the token's body is none of a ${tokenKind} run: expected ${expected}`)
  }
  return { areFollowersLate, boundMillis: boundMillis!, death, deployment, guards, seed: seed! }
}

/** The failover of a token, run again: what ZooKeeper stored, and when. */
const tell = (body: unknown): Story => {
  const plan = planOf(body)
  const { boundMillis, deployment: { cluster, minInSync, times } } = plan
  const lines: Array<string> = []
  const { events, gapMillis } = failover(plan, {
    line: (millis, text) => lines.push(`${millis.toFixed(1).padStart(10)} ms  ${text}`)
  })
  const replicas = cluster.assignment[0]!.length
  return {
    title:
      `Three brokers, ${replicas} replicas, min.insync.replicas=${minInSync}, sessions of ${times.timeoutMillis} ms: ` +
      `${events} events after a leader ${plan.death === "Kill" ? "was killed" : "froze"}.`,
    lines: [
      ...lines,
      gapMillis === undefined
        ? `Broken: no write is acknowledged within ${boundMillis} ms.`
        : `Writes stood still for ${gapMillis.toFixed(1)} ms, which is within ${boundMillis} ms.`
    ],
    broken: gapMillis === undefined
  }
}

const teller: Teller = { kind: tokenKind, tell }

export const part: Part = { rows, tellers: [teller] }
