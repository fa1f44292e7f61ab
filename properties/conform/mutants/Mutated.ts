/**
 * The modules of a family with one edit in them, loaded beside the ones without.
 *
 * The decision: nothing is written to disk. A module of the family gets the mutant's number into its address, so that it
 * and all that import it are loaded again, and the text of the one file is edited on its way in.
 *
 * Authority: Node's synchronous module hooks (`node:module`, registerHooks).
 */
import { readFileSync } from "node:fs"
import { registerHooks, stripTypeScriptTypes } from "node:module"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { applied, type Mutant } from "./Mutation.ts"

const mark = "?mutant="

/** Loads modules of the mutant of this number. */
export type Load = <Exports>(file: string) => Promise<Exports>

/** Registers the hooks for good and answers how a mutant is loaded; paths are from `root`. */
export const mutated = (root: string, reloaded: ReadonlyArray<string>): (mutant: Mutant, number: number) => Load => {
  const mutants = new Map<string, Mutant>()
  const urls = reloaded.map((folder) => pathToFileURL(join(root, folder)).href)
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const [importer, number] = (context.parentURL ?? "").split(mark)
      const found = nextResolve(specifier, { ...context, parentURL: importer })
      const isFamily = number !== undefined && urls.some((url) => found.url.startsWith(url))
      return isFamily ? { ...found, url: `${found.url}${mark}${number}`, shortCircuit: true } : found
    },
    load: (url, context, nextLoad) => {
      const [plain, number] = url.split(mark)
      if (number === undefined) return nextLoad(url, context)
      const file = fileURLToPath(plain!)
      const mutant = mutants.get(number)
      const text = readFileSync(file, "utf8")
      const source = mutant !== undefined && file === join(root, mutant.file) ? applied(text, mutant) : text
      return { format: "module", source: stripTypeScriptTypes(source), shortCircuit: true }
    }
  })
  return (mutant, number) => {
    mutants.set(String(number), mutant)
    return (file) => import(`${pathToFileURL(join(root, file)).href}${mark}${number}`)
  }
}
