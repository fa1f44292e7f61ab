/**
 * A simulated connection as data: a pair of ends, each with the messages on the way to it and what it knows of the end.
 *
 *     dialer ── inbox of listener ──▶ listener        an end has no owner before it is accepted; it is open while its
 *            ◀── inbox of dialer ───                  process has not closed it and has not noticed that it is over
 */
import type { Effect } from "effect"
import type { ConnectionClosed, Message } from "../Network.ts"
import type { Entry } from "./EventHeap.ts"
import type { SimulatedProcess } from "./SimulatedProcess.ts"
import type { End, WorldEvent } from "./WorldEvent.ts"

export interface InFlight {
  readonly message: Message
  readonly at: number
}

export type Side = "dialer" | "listener"

export interface EndState {
  readonly side: Side
  readonly name: string
  readonly peer: string
  readonly deliver: WorldEvent
  readonly seeClosed: WorldEvent
  readonly senderTimesOut: WorldEvent
  owner: SimulatedProcess | undefined
  open: boolean
  readonly inbox: Array<InFlight>
  /** When the end of the connection can be noticed: `undefined` not yet, else from then on. */
  noticeAt: number | undefined
  /** The peer's word that the connection ended is still to come: over a healed link, or from a host that is back. */
  awaits: "nothing" | "link" | "host"
  sentWhileCut: boolean
  receiver: ((answer: Effect.Effect<Message, ConnectionClosed>) => void) | undefined
  entry: Entry | undefined
  timeout: Entry | undefined
}

export interface Pair {
  readonly port: string
  readonly dialer: EndState
  readonly listener: EndState
  cut: boolean
}

export const keyOf = ({ dialer, listener, port }: Omit<End, "at">): string => `${dialer}>${listener}/${port}`

export const endOf = (pair: Pair, side: Side): End => ({
  dialer: pair.dialer.name,
  listener: pair.listener.name,
  port: pair.port,
  at: pair[side].name
})

export const endState = (side: Side, name: string, peer: string, end: End): EndState => ({
  side,
  name,
  peer,
  deliver: { _tag: "Deliver", end },
  seeClosed: { _tag: "SeeClosed", end },
  senderTimesOut: { _tag: "SenderTimeout", end },
  owner: undefined,
  open: false,
  inbox: [],
  noticeAt: undefined,
  awaits: "nothing",
  sentWhileCut: false,
  receiver: undefined,
  entry: undefined,
  timeout: undefined
})
