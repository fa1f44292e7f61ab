/**
 * The Java side of graph and oracle: one source file in this package, compiled once for each build of TLC.
 *
 * The decision: the compiled class lies in the cache under the hashes of the jar and of the source, so neither can
 * change unnoticed, and is put there by a rename, so two first runs at once do not disturb each other.
 */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { TlaToolsError } from "./Failure.ts"
import { cacheFolder, type Tlc } from "./Jar.ts"
import { javacCommand, type JavaOptions } from "./Java.ts"

const source = fileURLToPath(new URL("../java/TlcBridge.java", import.meta.url))

const compile = (tlc: Tlc, options: JavaOptions, folder: string): Promise<void> => {
  const command = javacCommand(options)
  return new Promise((done, reject) => {
    execFile(
      command,
      ["-nowarn", "-encoding", "UTF-8", "-cp", tlc.jar, "-d", folder, source],
      (error, stdout, stderr) => {
        if (error === null) return done()
        if ("code" in error && error.code === "ENOENT") {
          return reject(
            new TlaToolsError(
              "no-compiler",
              `graph and oracle need a Java compiler once, and there is none (${command}): install a JDK, or set JAVA_HOME to one`,
              { cause: error }
            )
          )
        }
        const said = (stdout + stderr).split("\n").find((line) => /error:/.test(line)) ?? error.message
        reject(
          new TlaToolsError("crashed", `this build of TLC has no graph and no oracle: ${said.trim()}`, { cause: error })
        )
      }
    )
  })
}

/** The folder with the compiled class; fails with `no-compiler`, or with `crashed` where this TLC has another interface. */
export const bridgeClasses = async (tlc: Tlc, options: JavaOptions): Promise<string> => {
  const hash = createHash("sha256").update(readFileSync(source)).update(tlc.sha256).digest("hex").slice(0, 32)
  const ready = join(cacheFolder(), `bridge-${hash}`)
  if (existsSync(ready)) return ready
  mkdirSync(cacheFolder(), { recursive: true })
  const folder = mkdtempSync(join(cacheFolder(), "compile-"))
  try {
    await compile(tlc, options, folder)
    if (!existsSync(ready)) renameSync(folder, ready)
  } catch (error) {
    if (!existsSync(ready)) throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return ready
}
