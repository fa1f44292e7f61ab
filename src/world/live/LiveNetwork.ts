/**
 * The network over TCP: one socket a connection, messages in structured clone format behind their length.
 *
 *     +----------------+------------------------------+
 *     | length, uint32 | message (node:v8 serialize)  |   the dialer's first frame is its name, then messages
 *     +----------------+------------------------------+
 *
 * The one decision: TCP already keeps order and loses only a suffix, so this file adds names, frames, and that a dialer
 * waits for the end of its last connection to the same port before it makes the next.
 */
import { Effect, Layer, Schedule, type Scope } from "effect"
import * as net from "node:net"
import { deserialize, serialize } from "node:v8"
import {
  type Connection,
  ConnectionClosed,
  ConnectionFailed,
  type Connections,
  type Listener,
  type Message,
  Network
} from "../Network.ts"

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where processes are found: a file, an environment, or a table in memory. */
export interface Directory {
  /** Where to listen; port 0 lets the system choose. */
  readonly bind: (process: string, port: string) => Address
  /** Called when a process listens, with the port that the system chose. */
  readonly listening: (process: string, port: string, address: Address) => void
  readonly closed: (process: string, port: string) => void
  /** Where a process listens, as far as it is known. */
  readonly find: (process: string, port: string) => Address | undefined
}

/** A table in memory, on loopback: for several nodes in one operating-system process. */
export const loopback = (): Directory => {
  const known = new Map<string, Address>()
  return {
    bind: () => ({ host: "127.0.0.1", port: 0 }),
    listening: (process, port, address) => void known.set(`${process}/${port}`, address),
    closed: (process, port) => void known.delete(`${process}/${port}`),
    find: (process, port) => known.get(`${process}/${port}`)
  }
}

/** A frame longer than this is no message of ours: the connection is closed. */
const maximumFrame = 64 * 1024 * 1024
const connectTimeoutMillis = 10_000

const frame = (message: Message): Buffer => {
  const body = serialize(message)
  const bytes = Buffer.allocUnsafe(4 + body.length)
  bytes.writeUInt32BE(body.length)
  body.copy(bytes, 4)
  return bytes
}

/** Cuts a stream of chunks into frames; throws where a length cannot be one. */
const unframe = (take: (message: Message) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 4) {
      const length = rest.readUInt32BE()
      if (length > maximumFrame) throw new RangeError(`a frame of ${length} bytes is too long`)
      if (rest.length < 4 + length) return
      const body = rest.subarray(4, 4 + length)
      rest = rest.subarray(4 + length)
      take(deserialize(body))
    }
  }
}

interface Socket {
  readonly connection: Connection
  readonly arrived: (message: Message) => void
  readonly ended: () => void
}

const overSocket = (socket: net.Socket, peer: string, port: string): Socket => {
  const inbox: Array<Message> = []
  let closed = false
  let over = false
  let receiver: ((answer: Effect.Effect<Message, ConnectionClosed>) => void) | undefined
  const failed = Effect.suspend(() => Effect.fail(new ConnectionClosed({ peer, port })))
  const give = (answer: Effect.Effect<Message, ConnectionClosed>) => {
    const waiting = receiver
    receiver = undefined
    waiting?.(answer)
  }
  return {
    arrived: (message) => {
      if (closed) return
      if (receiver === undefined) inbox.push(message)
      else give(Effect.succeed(message))
    },
    ended: () => {
      over = true
      give(failed)
    },
    connection: {
      peer,
      send: (message) => {
        if (!closed && !over && socket.writable) socket.write(frame(message))
      },
      receive: Effect.callback((resume) => {
        if (closed) return resume(failed)
        if (inbox.length > 0) return resume(Effect.succeed(inbox.shift()))
        if (over) return resume(failed)
        if (receiver !== undefined) throw new Error(`two fibers receive from ${peer}`)
        receiver = resume
        return Effect.sync(() => {
          receiver = undefined
        })
      }),
      close: () => {
        if (closed) return
        closed = true
        inbox.length = 0
        socket.end()
        give(failed)
      }
    }
  }
}

const listenFor = (
  process: string,
  directory: Directory,
  sockets: Set<net.Socket>
) =>
(port: string): Effect.Effect<Listener, never, Scope.Scope> =>
  Effect.gen(function*() {
    const ready: Array<Connection> = []
    const unknown = new Set<net.Socket>()
    let accepting: ((connection: Effect.Effect<Connection>) => void) | undefined
    const known = (connection: Connection): void => {
      const waiting = accepting
      accepting = undefined
      if (waiting === undefined) ready.push(connection)
      else waiting(Effect.succeed(connection))
    }
    const server = net.createServer((socket) => {
      let opened: Socket | undefined
      let first = true
      sockets.add(socket)
      unknown.add(socket)
      const read = unframe((message) => {
        if (opened === undefined) {
          opened = overSocket(socket, String(message), port)
          return
        }
        opened.arrived(message)
        if (first) known(opened.connection)
        first = false
        unknown.delete(socket)
      })
      attach(socket, read, () => {
        sockets.delete(socket)
        unknown.delete(socket)
        opened?.ended()
      })
    })
    const begin = Effect.callback<void>((resume) => {
      const { host, port: wanted } = directory.bind(process, port)
      server.once("error", (error) => resume(Effect.die(error)))
      server.listen(wanted, host, () => {
        directory.listening(process, port, server.address() as unknown as Address & net.AddressInfo)
        resume(Effect.void)
      })
    })
    const end = Effect.sync(() => {
      directory.closed(process, port)
      server.close()
      for (const socket of unknown) socket.destroy()
    })
    yield* Effect.acquireRelease(begin, () => end)
    return {
      accept: Effect.callback<Connection>((resume) => {
        const next = ready.shift()
        if (next !== undefined) return resume(Effect.succeed(next))
        accepting = resume
        return Effect.sync(() => {
          accepting = undefined
        })
      })
    }
  })

const attach = (socket: net.Socket, read: (chunk: Buffer) => void, ended: () => void): void => {
  socket.setNoDelay(true)
  socket.on("data", (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      socket.destroy()
    }
  })
  socket.on("error", () => socket.destroy())
  socket.on("end", () => socket.end())
  socket.on("close", ended)
}

/** The network of one process, over TCP; `sockets` holds those that are open. */
const make = (process: string, directory: Directory, sockets: Set<net.Socket>): Connections => {
  const open = new Map<string, net.Socket>()

  const attempt = (to: string, port: string) =>
    Effect.callback<Connection, ConnectionFailed>((resume) => {
      const key = `${to}/${port}`
      const fail = (reason: "refused" | "timed out") =>
        resume(Effect.fail(new ConnectionFailed({ peer: to, port, reason })))
      const address = directory.find(to, port)
      if (address === undefined) return fail("refused")
      const begin = (): void => {
        const socket = net.connect(address)
        const opened = overSocket(socket, to, port)
        open.set(key, socket)
        sockets.add(socket)
        socket.setTimeout(connectTimeoutMillis, () => {
          socket.destroy()
          fail("timed out")
        })
        socket.once("connect", () => {
          socket.setTimeout(0)
          socket.write(frame(process))
          resume(Effect.succeed(opened.connection))
        })
        attach(socket, unframe(opened.arrived), () => {
          sockets.delete(socket)
          if (open.get(key) === socket) open.delete(key)
          opened.ended()
          fail("refused")
        })
      }
      const last = open.get(key)
      if (last === undefined) begin()
      else last.once("close", begin)
    })

  return {
    tryConnect: attempt,
    connect: (to, port) =>
      attempt(to, port).pipe(Effect.retry(Schedule.spaced("20 millis")), Effect.orDie) as Effect.Effect<Connection>,
    listen: listenFor(process, directory, sockets)
  }
}

/** Closes what is open with the layer, as the end of a process does. */
export const layer = (process: string, directory: Directory): Layer.Layer<Network> =>
  Layer.effect(
    Network,
    Effect.acquireRelease(
      Effect.sync(() => new Set<net.Socket>()),
      (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.end()))
    ).pipe(Effect.map((sockets) => make(process, directory, sockets)))
  )
