/**
 * What a build of TLC can do, found out and not assumed.
 *
 * The decision: the two known builds are known not to write trace specifications beside a spec unless told to. Another
 * build is asked once (`-h`) which option turns that off; the answer stays in the cache under the hash of the jar.
 */
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { cacheFolder, mavenBuild, type Tlc } from "./Jar.ts"
import { javaCommand, type JavaOptions, noJava } from "./Java.ts"

const silentHashes: ReadonlySet<string> = new Set([
  mavenBuild.sha256,
  "58c6df9a1045beb341ee947bc640fe8d89988ad1d0b700e392aa8dd97502129a"
])

const help = (tlc: Tlc, options: JavaOptions): Promise<string> => {
  const command = javaCommand(options)
  return new Promise((resolve, reject) => {
    execFile(command, ["-XX:-UsePerfData", "-cp", tlc.jar, "tlc2.TLC", "-h"], (error, stdout, stderr) => {
      if (error !== null && "code" in error && error.code === "ENOENT") reject(noJava(command, error))
      else resolve(stdout + stderr)
    })
  })
}

/** Options that keep this build from writing files beside the spec. */
export const tlcFlags = async (tlc: Tlc, options: JavaOptions): Promise<ReadonlyArray<string>> => {
  if (silentHashes.has(tlc.sha256)) return []
  const file = join(cacheFolder(), tlc.sha256, "help.txt")
  if (!existsSync(file)) {
    const text = await help(tlc, options)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return readFileSync(file, "utf8").includes("noGenerateSpecTE") ? ["-noGenerateSpecTE"] : []
}
