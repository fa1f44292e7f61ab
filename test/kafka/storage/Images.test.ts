import { expect, it } from "vitest"
import * as Images from "../../../src/kafka/storage/Images.ts"
import { imagesOf } from "../RealFiles.ts"

// What the real UnifiedLog made of every damaged partition directory: offsets, epochs, producers, batches, and every byte
// of every file that it left (as a hash). Nothing is left out of the comparison.
const sets = ["kafka-recovery-3.9.2", "kafka-recovery-4.4.0"].map((name) => ({ name, ...imagesOf(name) }))

it.each(sets)(
  "recovers every damaged partition directory of $name as the real log does",
  ({ bases, lines, settings }) => {
    const behaviour = Images.behaviourOf(Object.values(settings))
    const different = lines.filter(({ base, dir, expected, ops, open }) =>
      !Images.matches(
        Images.recoverPartition(dir!, bases.get(`${base}/${dir}`)!, settings[base!]!, behaviour, { ops, open: open! }),
        expected
      )
    )
    expect(lines.length).toBe(140)
    expect(different.map(({ id, kind }) => `${id} ${kind}`)).toEqual([])
  }
)

it.each(["kafka-logdir-3.9.2", "kafka-logdir-4.4.0"])(
  "loads and stops every damaged log directory of %s as the real log manager does",
  (name) => {
    const { base, lines, settings } = imagesOf(name)
    const behaviour = name.endsWith("4.4.0")
      ? Images.behaviourOf([{ "internal.segment.bytes": 1 }])
      : Images.behaviourOf([])
    const different = lines.filter((line) =>
      !Images.matches(Images.recoverLogDirectory(base, settings, behaviour, line), line.expected)
    )
    expect(lines.length).toBe(33)
    expect(different.map(({ id, kind }) => `${id} ${kind}`)).toEqual([])
  }
)

it("calls an outcome different when one byte of one file is", () => {
  const { bases, lines, settings } = imagesOf("kafka-recovery-3.9.2")
  const { base, dir, expected, open, ops } = lines[0]!
  const [file] = [...bases.get(`${base}/${dir}`)!.keys()].filter((name) => name.endsWith(".log"))
  const files = new Map(bases.get(`${base}/${dir}`)!)
  files.set("notes.txt", new Uint8Array([1]))
  expect(file).toBeDefined()
  const actual = Images.recoverPartition(dir!, files, settings[base!]!, Images.behaviourOf([]), { ops, open: open! })
  expect(Images.matches(actual, expected)).toBe(false)
})
