/**
 * What a broker that is gone had sent to ZooKeeper, and what becomes of it: a connection may lose what is in flight yet.
 *
 *     ends ── in flight ──▶ arrives, or is lost ──▶ nothing in flight: known
 *
 * The decision: the model's step for the end of a process says what of its last messages still arrives, so that step waits
 * until this is known.
 */
import { questionsOn } from "../../kafka/projections/ControllerElectionLinks.ts"
import type { ToServer } from "../../kafka/rules/ZooKeeperServer.ts"

interface Departure {
  readonly isKnown: boolean
  /** Questions that arrived after the end. */
  readonly arrived: number
  /** Whether the end of the session was the last of them. */
  readonly isClosed: boolean
}

interface Departures {
  /** A broker is gone; so many of its questions are in flight. */
  readonly begin: (broker: number, inFlight: number) => Departure
  /** A message of a broker arrives, gone or not. */
  readonly arrives: (broker: number, message: ToServer<unknown>) => void
  /** Looks again what is in flight. */
  readonly look: (inFlightOf: (broker: number) => number) => void
}

export const departures = (): Departures => {
  const open = new Map<number, { isKnown: boolean; arrived: number; isClosed: boolean }>()
  return {
    begin: (broker, inFlight) => {
      const departure = { isKnown: inFlight === 0, arrived: 0, isClosed: false }
      if (inFlight > 0) open.set(broker, departure)
      return departure
    },
    arrives: (broker, message) => {
      const departure = open.get(broker)
      if (departure === undefined || questionsOn({ toDialer: [], toListener: [message] }).length === 0) return
      departure.arrived++
      departure.isClosed = message._tag === "Close"
    },
    look: (inFlightOf) => {
      for (const [broker, departure] of open) {
        departure.isKnown = inFlightOf(broker) === 0
        if (departure.isKnown) open.delete(broker)
      }
    }
  }
}
