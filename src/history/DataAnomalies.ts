/**
 * What is wrong with the data: two values at one offset, one value at two, reads of what was aborted, of what is not yet
 * committed and of what nobody sent, and writes that readers passed without ever seeing them.
 *
 * The one decision: a write is lost only where it is certain. It committed, a reader read behind it, and nobody read it;
 * a send of unknown outcome is certain only if another value of it was read. Authority: jepsen.tests.kafka, version-orders,
 * duplicate-cases, g1a-cases, precommitted-read-cases, lost-write-cases; phantom is added here.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { ok, operationOf } from "./Columns.ts"
import { capital, type Judged, keyName, placesOf, some, told, whose } from "./Judged.ts"
import { compareValues } from "./VersionOrder.ts"

/** The nodes that saw a value at an offset: those that prove what stands there. */
const witnesses = ({ columns, orders, readers }: Judged, value: number, offset: number): number | undefined => {
  for (let i = readers.start[value]!; i < readers.start[value + 1]!; i++) {
    const reader = readers.reader[i]!
    for (let j = columns.pollStart[reader]!; j < columns.pollStart[reader + 1]!; j++) {
      if (columns.pollValue[j] === value && columns.pollOffset[j] === offset) return reader
    }
  }
  for (let node = 0; node < columns.nodes; node++) {
    if (orders.committed[node] !== 1) continue
    for (let i = columns.sendStart[node]!; i < columns.sendStart[node + 1]!; i++) {
      if (columns.sendValue[i] === value && columns.sendOffset[i] === offset) return node
    }
  }
  return undefined
}

/** Of a writer of unknown outcome also the ok poll that proves that it committed. */
const writerProof = ({ columns, orders, readers }: Judged, value: number): Array<number> => {
  const writer = orders.writer[value]!
  if (writer < 0) return []
  if (columns.outcome[writer] === ok) return [writer]
  for (let i = columns.sendStart[writer]!; i < columns.sendStart[writer + 1]!; i++) {
    const sent = columns.sendValue[i]!
    for (let j = readers.start[sent]!; j < readers.start[sent + 1]!; j++) {
      if (columns.outcome[readers.reader[j]!] === ok) return [writer, readers.reader[j]!]
    }
  }
  return [writer]
}

const witnessOrWriter = (judged: Judged, value: number, offset: number): Array<number> => {
  const writer = writerProof(judged, value)
  const { columns } = judged
  const seen = writer[0]
  if (seen !== undefined && judged.orders.committed[seen] === 1) {
    for (let i = columns.sendStart[seen]!; i < columns.sendStart[seen + 1]!; i++) {
      if (columns.sendValue[i] === value && columns.sendOffset[i] === offset) return writer
    }
  }
  const witness = witnesses(judged, value, offset)
  return witness === undefined ? writer : [...writer.slice(0, 1), witness]
}

export const inconsistentOffsets = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const found: Array<Finding> = []
  for (let key = 0; key < columns.keys.length; key++) {
    const { offsets, start, valuesAt } = orders.logs[key]!
    for (let index = 0; index < offsets.length; index++) {
      if (start[index + 1]! - start[index]! < 2) continue
      const conflicting = [...valuesAt.subarray(start[index], start[index + 1])]
      const values = conflicting.map((value) => columns.values[value]!).sort(compareValues)
      const offset = offsets[index]!
      const name = columns.keys[key]!
      const proof = conflicting.flatMap((value) => witnessOrWriter(judged, value, offset))
      found.push(
        finding(
          "inconsistent-offsets",
          [name, offset],
          placesOf(columns, proof),
          `Offset ${offset} of key ${name} holds ${some(values)}: clients were shown different records in one place.`,
          { key: name, offset, index, values }
        )
      )
    }
  }
  return found
}

export const duplicates = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const places = new Map<number, Array<number>>()
  for (const { offsets, start, valuesAt } of orders.logs) {
    for (let index = 0; index < offsets.length; index++) {
      for (let i = start[index]!; i < start[index + 1]!; i++) {
        const value = valuesAt[i]!
        if (orders.firstIndex[value] === orders.lastIndex[value]) continue
        const known = places.get(value)
        if (known === undefined) places.set(value, [offsets[index]!])
        else known.push(offsets[index]!)
      }
    }
  }
  return [...places].map(([value, offsets]) => {
    const key = keyName(columns, value)
    const sent = columns.values[value]!
    const proof = offsets.flatMap((offset) => witnessOrWriter(judged, value, offset))
    return finding(
      "duplicate",
      [key, sent],
      placesOf(columns, proof),
      `Value ${sent} of key ${key} stands at offsets ${some(offsets)}: one send was stored ${offsets.length} times.`,
      { key, value: sent, count: offsets.length, offsets }
    )
  })
}

export const abortedReads = ({ columns, orders }: Judged): Array<Finding> => {
  const found: Array<Finding> = []
  for (let node = 0; node < columns.nodes; node++) {
    if (columns.outcome[node] !== ok) continue
    for (let i = columns.pollStart[node]!; i < columns.pollStart[node + 1]!; i++) {
      const value = columns.pollValue[i]!
      if (value < 0 || orders.failed[value] === 0) continue
      const key = keyName(columns, value)
      const sent = columns.values[value]!
      const writer = orders.writer[value]!
      found.push(
        finding(
          "G1a",
          [key, sent],
          placesOf(columns, [writer, node]),
          `${capital(whose(columns, node))} read ${sent} of key ${key}, whose send failed: ${whose(columns, writer)}.`,
          { key, value: sent, writer: operationOf(columns, writer), reader: operationOf(columns, node) }
        )
      )
    }
  }
  return found
}

export const precommittedReads = ({ columns }: Judged): Array<Finding> => {
  const found: Array<Finding> = []
  const polledBy = new Int32Array(columns.values.length).fill(-1)
  for (let node = 0; node < columns.nodes; node++) {
    const from = columns.sendStart[node]!
    const to = columns.sendStart[node + 1]!
    if (from === to || columns.pollStart[node] === columns.pollStart[node + 1]) continue
    for (let i = columns.pollStart[node]!; i < columns.pollStart[node + 1]!; i++) {
      if (columns.pollValue[i]! >= 0) polledBy[columns.pollValue[i]!] = node
    }
    for (let i = from; i < to; i++) {
      const value = columns.sendValue[i]!
      if (polledBy[value] !== node) continue
      const key = keyName(columns, value)
      const sent = columns.values[value]!
      const op = operationOf(columns, node)
      found.push(
        finding(
          "precommitted-read",
          [key, sent],
          placesOf(columns, [node]),
          `${
            capital(whose(columns, node))
          } polled ${sent} of key ${key}, which it sends itself: nothing had committed it.`,
          { op, key, value: sent }
        )
      )
      break
    }
  }
  return found
}

/** The highest index of each key that an ok poll proves to be reached, or -1; values without a known place prove none. */
export const bounds = ({ columns, orders }: Judged): Int32Array => {
  const bound = new Int32Array(columns.keys.length).fill(-1)
  for (let value = 0; value < columns.values.length; value++) {
    const key = columns.valueKey[value]!
    if (orders.okRead[value] === 1) bound[key] = Math.max(bound[key]!, orders.firstIndex[value]!)
  }
  return bound
}

/** Who read the value whose last place is the bound: an ok reader where there is one. */
const maximalReader = ({ columns, orders, readers }: Judged, key: number, bound: number): number => {
  const { start, valuesAt } = orders.logs[key]!
  let any = -1
  for (let i = start[bound]!; i < start[bound + 1]!; i++) {
    const value = valuesAt[i]!
    if (orders.lastIndex[value] !== bound) continue
    for (let j = readers.start[value]!; j < readers.start[value + 1]!; j++) {
      const reader = readers.reader[j]!
      if (columns.outcome[reader] === ok) return reader
      if (any < 0) any = reader
    }
  }
  return any
}

/** An ok reader of a value whose first place is the bound: the one that proves it. */
const boundReader = ({ columns, orders, readers }: Judged, key: number, bound: number): number => {
  const { start, valuesAt } = orders.logs[key]!
  for (let i = start[bound]!; i < start[bound + 1]!; i++) {
    const value = valuesAt[i]!
    if (orders.firstIndex[value] !== bound || orders.okRead[value] === 0) continue
    for (let j = readers.start[value]!; j < readers.start[value + 1]!; j++) {
      if (columns.outcome[readers.reader[j]!] === ok) return readers.reader[j]!
    }
  }
  return -1
}

export const lostWrites = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const reached = bounds(judged)
  const found: Array<Finding> = []
  for (let key = 0; key < columns.keys.length; key++) {
    const bound = reached[key]!
    const { start, valuesAt } = orders.logs[key]!
    let maximal: number | undefined
    for (let index = 0; index <= bound; index++) {
      for (let i = start[index]!; i < start[index + 1]!; i++) {
        const value = valuesAt[i]!
        const writer = orders.writer[value]!
        if (orders.lastIndex[value] !== index || orders.okRead[value] === 1) continue
        if (writer < 0 || orders.committed[writer] === 0) continue
        maximal ??= maximalReader(judged, key, bound)
        const name = columns.keys[key]!
        const sent = columns.values[value]!
        const first = orders.firstIndex[value]!
        const written = operationOf(columns, writer)
        const reader = maximal < 0 ? boundReader(judged, key, bound) : maximal
        const acknowledged = written.type === "ok"
          ? "was acknowledged"
          : `${told(written)} but committed, since another value of it was read`
        found.push(
          finding(
            "lost-write",
            [name, sent],
            placesOf(
              columns,
              [
                ...witnessOrWriter(judged, value, orders.logs[key]!.offsets[index]!),
                ...writerProof(judged, value),
                reader,
                boundReader(judged, key, bound)
              ].filter((node) => node >= 0)
            ),
            `Value ${sent} of key ${name} is lost: ${
              whose(columns, writer)
            } ${acknowledged}, and nobody read it, though ${
              whose(columns, reader)
            } read index ${bound}, behind its index ${first}.`,
            {
              key: name,
              value: sent,
              index: first,
              "max-read-index": bound,
              writer: written,
              "max-read": maximal < 0 ? null : operationOf(columns, maximal)
            }
          )
        )
      }
    }
  }
  return found
}

export const phantoms = ({ columns, orders }: Judged): Array<Finding> => {
  const found: Array<Finding> = []
  for (let node = 0; node < columns.nodes; node++) {
    if (columns.outcome[node] !== ok) continue
    for (let i = columns.pollStart[node]!; i < columns.pollStart[node + 1]!; i++) {
      const value = columns.pollValue[i]!
      if (value < 0 || orders.writer[value]! >= 0) continue
      const key = keyName(columns, value)
      const read = columns.values[value]!
      const offset = columns.pollOffset[i]!
      found.push(
        finding(
          "phantom",
          [key, read],
          placesOf(columns, [node]),
          `${capital(whose(columns, node))} read ${read} of key ${key}, which no send ever tried.`,
          { key, value: read, offset: offset < 0 ? null : offset, reader: operationOf(columns, node) }
        )
      )
    }
  }
  return found
}
