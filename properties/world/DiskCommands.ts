/**
 * What a process may do with a disk, as plain data, and how it is done: the same commands drive every disk.
 *
 * The one decision: commands are total. A handle or a path is an index scaled into what there is; a command without a
 * handle to work on answers "-". So any list of commands runs, and a shrunk list too.
 */
import * as fc from "fast-check"
import { DiskError, type File, type OpenMode, type Operations } from "../../src/world/Disk.ts"

const most = 999

export type Command =
  | { readonly _tag: "Open"; readonly path: number; readonly mode: OpenMode }
  | { readonly _tag: "Append"; readonly handle: number; readonly length: number }
  | { readonly _tag: "Write"; readonly handle: number; readonly position: number; readonly length: number }
  | { readonly _tag: "Read"; readonly handle: number; readonly position: number; readonly length: number }
  | { readonly _tag: "Truncate"; readonly handle: number; readonly size: number }
  | { readonly _tag: "Close"; readonly handle: number }
  | { readonly _tag: "Rename"; readonly from: number; readonly to: number }
  | { readonly _tag: "Remove"; readonly path: number }
  | { readonly _tag: "MakeDirectory"; readonly path: number }
  | { readonly _tag: "List"; readonly path: number }
  | { readonly _tag: "Stat"; readonly path: number }
  | { readonly _tag: "Commit"; readonly handle: number; readonly directory: number }

/** Which paths commands use; a scaled index picks one. */
export interface Paths {
  readonly files: ReadonlyArray<string>
  readonly directories: ReadonlyArray<string>
}

/** Names where every operation may meet every kind of thing. */
export const crowded: Paths = {
  files: ["/a", "/b", "/d", "/d/a", "/d/e", "/d/e/a"],
  directories: ["/d", "/d/e", "/b", "/"]
}

/** Names that stay files or directories, so that a directory is never renamed. */
export const tidy: Paths = { files: ["/a", "/b", "/d/a", "/d/b"], directories: ["/d", "/"] }

const index = fc.nat(most)
const tagged = <T extends Command["_tag"]>(_tag: T): fc.Arbitrary<T> => fc.constant(_tag)

/** Opens a file that need not exist. */
export const opening = fc.record({ _tag: tagged("Open"), path: index, mode: fc.constant<OpenMode>("either") })
export const renaming = fc.record({ _tag: tagged("Rename"), from: index, to: index })

/** A command whose lengths, positions and sizes are mostly tens of bytes, and sometimes up to `largest`. */
export const commandUpTo = (largest: number): fc.Arbitrary<Command> => {
  const bytesUpTo = fc.oneof({ weight: 6, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(largest) })
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        _tag: tagged("Open"),
        path: index,
        mode: fc.constantFrom<OpenMode>("either", "create", "existing")
      })
    },
    { weight: 5, arbitrary: fc.record({ _tag: tagged("Append"), handle: index, length: bytesUpTo }) },
    {
      weight: 3,
      arbitrary: fc.record({ _tag: tagged("Write"), handle: index, position: bytesUpTo, length: bytesUpTo })
    },
    {
      weight: 2,
      arbitrary: fc.record({ _tag: tagged("Read"), handle: index, position: bytesUpTo, length: bytesUpTo })
    },
    { weight: 2, arbitrary: fc.record({ _tag: tagged("Truncate"), handle: index, size: bytesUpTo }) },
    { weight: 1, arbitrary: fc.record({ _tag: tagged("Close"), handle: index }) },
    { weight: 2, arbitrary: renaming },
    { weight: 1, arbitrary: fc.record({ _tag: tagged("Remove"), path: index }) },
    { weight: 2, arbitrary: fc.record({ _tag: tagged("MakeDirectory"), path: index }) },
    { weight: 1, arbitrary: fc.record({ _tag: tagged("List"), path: index }) },
    { weight: 1, arbitrary: fc.record({ _tag: tagged("Stat"), path: index }) },
    { weight: 2, arbitrary: fc.record({ _tag: tagged("Commit"), handle: index, directory: index }) }
  )
}

/** Large enough to cross two blocks of 4 KiB. */
export const command = commandUpTo(9_000)

const pick = <A>(list: ReadonlyArray<A>, at: number): A | undefined =>
  list[Math.min(list.length - 1, Math.floor(at * list.length / (most + 1)))]

/** One process: its open files, and how many commands it has run, from which the bytes it writes follow. */
export interface Player {
  readonly operations: Operations
  readonly paths: Paths
  readonly commit: (targets: ReadonlyArray<File | string>) => void
  readonly handles: Array<File>
  step: number
}

export const player = (operations: Operations, paths: Paths, commit: Player["commit"]): Player => ({
  operations,
  paths,
  commit,
  handles: [],
  step: 0
})

/** Bytes that no other step writes the same way, never zero. */
const content = (step: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (step * 37 + at) % 255 + 1)

/** Runs one command; the answer is text, an error its code. */
export const play = (who: Player, command: Command): string => {
  who.step++
  try {
    return answer(who, command)
  } catch (error) {
    if (error instanceof DiskError) return error.code
    throw error
  }
}

const answer = (who: Player, command: Command): string => {
  const { operations, paths } = who
  const fileAt = (at: number): string => pick(paths.files, at)!
  const directoryAt = (at: number): string => pick(paths.directories, at)!
  switch (command._tag) {
    case "Open":
      who.handles.push(operations.open(fileAt(command.path), command.mode))
      return `${who.handles.length} open`
    case "Rename":
      operations.rename(fileAt(command.from), fileAt(command.to))
      return "renamed"
    case "Remove":
      operations.remove(pick([...paths.files, ...paths.directories], command.path)!)
      return "removed"
    case "MakeDirectory":
      operations.makeDirectory(directoryAt(command.path))
      return "made"
    case "List":
      return operations.list(directoryAt(command.path)).join()
    case "Stat":
      return JSON.stringify(operations.stat(fileAt(command.path))) ?? "nothing"
    case "Append":
    case "Write":
    case "Read":
    case "Truncate":
    case "Close":
    case "Commit": {
      const file = pick(who.handles, command.handle)
      return file === undefined ? "-" : answerOfFile(who, file, command)
    }
  }
}

type OnFile = Extract<Command, { readonly handle: number }>

const answerOfFile = (who: Player, file: File, command: OnFile): string => {
  switch (command._tag) {
    case "Append":
      return `at ${file.append(content(who.step, command.length))}`
    case "Write":
      file.write(command.position, content(who.step, command.length))
      return `${file.size()} bytes`
    case "Read":
      return Buffer.from(file.read(command.position, command.length)).toString("base64")
    case "Truncate":
      file.truncate(command.size)
      return `${file.size()} bytes`
    case "Close":
      file.close()
      return "closed"
    case "Commit":
      who.commit([file, pick(who.paths.directories, command.directory)!])
      return "commit"
  }
}
